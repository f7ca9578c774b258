import type { Router, RouterContext } from '@koa/router';
import { accountNotFound, routeNotFound, usernameWithColon } from '@keybin/shared/errors.js';
import { withDeadline } from '@keybin/shared/deadline.js';
import { answerJson } from '../../answers/answers.js';
import { baseUrl } from '../../requests/base-url.js';
import { clientAddress } from '../../requests/client-address.js';
import { credentialsOf } from '../parameters.js';
import { register } from '../../use-cases/register.js';
import type { ApiParts } from './api-parts.js';

const credentialNames = { username: 'username', password: 'password' };

export function userRoutes(router: Router, parts: ApiParts): void {
  router.post('/users', async (ctx) => {
    const body = await parts.readBody(ctx);
    const credentials = credentialsOf(ctx, body, credentialNames);
    if (credentials.username.includes(':')) throw usernameWithColon();
    const { number, username } = await register(parts, credentials);
    ctx.status = 201;
    ctx.set('Location', `${baseUrl(ctx, parts.publicUrl)}/api/users/${number}`);
    answerJson(ctx, JSON.stringify({ username }));
  });

  router.get('/users/:id', async (ctx) => {
    const number = numberOf(ctx);
    if (!parts.publicUsers) throw accountNotFound();
    const found = accountOf(parts, number, clientAddress(ctx));
    const { username } = await withDeadline(found, parts.times.answerMs, 'reading an account');
    answerJson(ctx, JSON.stringify({ username }));
  });
}

/** Returns the number in the path. Throws `route_not_found` if it is no integer. */
function numberOf(ctx: RouterContext): number {
  const id = ctx.params['id'] ?? '';
  if (!/^\d+$/.test(id)) throw routeNotFound();
  return Number(id);
}

/** Throws `too_many_requests`: numbers are easily guessed, so this could list all names. */
async function accountOf({ engine, limits }: ApiParts, number: number, address: string) {
  await limits.publicUser(address);
  const account = Number.isSafeInteger(number) ? await engine.accounts.findByNumber(number) : undefined;
  if (!account) throw accountNotFound();
  return account;
}
