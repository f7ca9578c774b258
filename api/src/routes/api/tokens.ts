import type { Router, RouterContext } from '@koa/router';
import { invalidCredentials } from '@keybin/shared/errors.js';
import { answerJson } from '../../answers/answers.js';
import { parseBasic } from '../../requests/parse-basic.js';
import { clientAddress } from '../../requests/client-address.js';
import { authenticateBasic, type BasicCredentials } from '../../use-cases/authenticate-basic.js';
import type { ApiParts } from './api-parts.js';

export function tokenRoutes(router: Router, parts: ApiParts): void {
  router.get('/token', async (ctx) => {
    const account = await authenticateBasic(parts, basicOf(ctx));
    const token = await parts.signedTokens.issue(account);
    parts.tokensIssued.inc();
    answerJson(ctx, JSON.stringify({ token, duration: parts.signedTokens.lifetimeSeconds }));
  });

  router.get('/resource', async (ctx) => {
    const { username } = await authenticateBasic(parts, basicOf(ctx));
    answerJson(ctx, JSON.stringify({ data: `Hello, ${username}!` }));
  });
}

/** Returns the credentials of Basic authentication. Throws `invalid_credentials` if there are none. */
function basicOf(ctx: RouterContext): BasicCredentials {
  const given = parseBasic(ctx.get('Authorization'));
  if (!given) throw invalidCredentials();
  return { name: given.name, password: given.pass, address: clientAddress(ctx) };
}
