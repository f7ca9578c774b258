import type { Router, RouterContext } from '@koa/router';
import { parameterInvalid } from '@keybin/shared/errors.js';
import { answerJson } from '../../answers/answers.js';
import type { JsonObject } from '../../bodies/body.js';
import { clientAddress } from '../../requests/client-address.js';
import { refuseHead } from '../refuse-head.js';
import { checkedUsername, credentialsOf, requiredParameter, stringParameter } from '../parameters.js';
import { registerWithIdentifyCode, sendIdentifyCode } from '../../use-cases/identify-codes.js';
import { credentialNames } from './parameters.js';
import type { V1Parts } from './v1-parts.js';

export function registrationRoutes(router: Router, parts: V1Parts): void {
  router.get('/users/register', async (ctx) => {
    const code = await sendIdentifyCode(parts, parts.codes, {
      username: wantedNameOf(ctx),
      address: clientAddress(ctx),
    });
    answerJson(ctx, JSON.stringify({ identify_code: code }));
  });
  refuseHead(router);

  router.post('/users/register', async (ctx) => {
    const body = await parts.readBody(ctx);
    const credentials = credentialsOf(ctx, body, credentialNames);
    const { username } = await registerWithIdentifyCode(parts, parts.codes, credentials, codeOf(body));
    answerJson(ctx, JSON.stringify({ accout: username }));
  });
}

/** Returns the name to register. Throws `parameter_missing`, `parameter_not_string`, `invalid_username`. */
function wantedNameOf(ctx: RouterContext): string {
  return checkedUsername(stringParameter(requiredParameter(ctx.query, 'accout'), 'accout'));
}

/** Returns the identify code. Throws `parameter_missing`, `parameter_invalid`. */
function codeOf(body: JsonObject): string {
  const code = requiredParameter(body, 'identify_code');
  if (typeof code !== 'string' && typeof code !== 'number') {
    throw parameterInvalid('identify_code', 'a string or a number');
  }
  return String(code);
}
