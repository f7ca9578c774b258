import type { Router, RouterContext } from '@koa/router';
import { accountNotFound, routeNotFound } from '@keybin/shared/errors.js';
import { answerJson } from '../../answers/answers.js';
import { baseUrl } from '../../requests/base-url.js';
import { credentialsOf } from '../parameters.js';
import { register } from '../../use-cases/register.js';
import type { ApiParts } from './api-parts.js';

const credentialNames = { username: 'username', password: 'password' };

export function userRoutes(router: Router, parts: ApiParts): void {
  router.post('/users', async (ctx) => {
    const body = await parts.readBody(ctx);
    const { number, username } = await register(parts, credentialsOf(ctx, body, credentialNames));
    ctx.status = 201;
    ctx.set('Location', `${baseUrl(ctx, parts.publicUrl)}/api/users/${number}`);
    answerJson(ctx, JSON.stringify({ username }));
  });

  router.get('/users/:id', async (ctx) => {
    const { username } = await accountOf(parts, numberOf(ctx));
    answerJson(ctx, JSON.stringify({ username }));
  });
}

/** Returns the number in the path. Throws `route_not_found` if it is no integer. */
function numberOf(ctx: RouterContext): number {
  const id = ctx.params['id'] ?? '';
  if (!/^\d+$/.test(id)) throw routeNotFound();
  return Number(id);
}

async function accountOf({ engine }: ApiParts, number: number) {
  const account = Number.isSafeInteger(number) ? await engine.accounts.findByNumber(number) : undefined;
  if (!account) throw accountNotFound();
  return account;
}
