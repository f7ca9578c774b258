import type { Router } from '@koa/router';
import { v4 as uuid } from 'uuid';
import { answerJson } from '../../answers/answers.js';
import { credentialsOf } from '../parameters.js';
import { refuseHead } from '../refuse-head.js';
import { issueToken } from '../../use-cases/issue-token.js';
import { logOut } from '../../use-cases/log-out.js';
import { viewAccount } from '../../use-cases/view-account.js';
import { newV1Token } from '../../accounts/v1-token.js';
import { credentialNames, nameParameter, tokenParameter, viewedNameParameter } from './parameters.js';
import type { V1Parts } from './v1-parts.js';

export function userRoutes(router: Router, parts: V1Parts): void {
  router.post('/users/login', async (ctx) => {
    const body = await parts.readBody(ctx);
    const token = newV1Token();
    // Each login is a client of its own, so that it revokes no other token
    const account = await issueToken(parts, credentialsOf(ctx, body, credentialNames), {
      clientId: `v1/${uuid()}`,
      token,
    });
    answerJson(ctx, JSON.stringify({ login: account.username, object_id: account.objectId, token }));
  });

  router.get('/users/logout/:name', async (ctx) => {
    const name = nameParameter(ctx);
    await logOut(parts, tokenParameter(ctx), name);
    answerJson(ctx, JSON.stringify({ logout: name }));
  });
  refuseHead(router);

  router.get('/users/:name', async (ctx) => {
    const { username, objectId, createdAt } = await viewAccount(parts, tokenParameter(ctx), viewedNameParameter(ctx));
    answerJson(ctx, JSON.stringify({ accout: username, object_id: objectId, created_at: createdAt }));
  });
}
