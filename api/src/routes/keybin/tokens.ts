import type { Router } from '@koa/router';
import { v4 as uuid } from 'uuid';
import { answerJson } from '../../answers/answers.js';
import { credentialsOf } from '../parameters.js';
import { issueToken } from '../../use-cases/issue-token.js';
import { clientIdParameter, credentialNames } from './parameters.js';
import type { KeybinParts } from './keybin-parts.js';

export function tokenRoutes(router: Router, parts: KeybinParts): void {
  router.post('/token', async (ctx) => {
    const body = await parts.readBody(ctx);
    const credentials = credentialsOf(ctx, body, credentialNames);
    const token = uuid();
    await issueToken(parts, credentials, { clientId: clientIdParameter(body), token });
    answerJson(ctx, JSON.stringify({ token: { expire_seconds: parts.tokenLifetimeSeconds, token } }));
  });
}
