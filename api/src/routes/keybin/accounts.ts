import type { Router } from '@koa/router';
import { credentialsOf } from '../parameters.js';
import { register } from '../../use-cases/register.js';
import { unregister } from '../../use-cases/unregister.js';
import { answerOk } from './answers.js';
import { credentialNames } from './parameters.js';
import type { KeybinParts } from './keybin-parts.js';

export function accountRoutes(router: Router, parts: KeybinParts): void {
  router.post('/register', async (ctx) => {
    const body = await parts.readBody(ctx);
    await register(parts, credentialsOf(ctx, body, credentialNames));
    answerOk(ctx);
  });

  router.delete('/unregister', async (ctx) => {
    const body = await parts.readBody(ctx);
    await unregister(parts, credentialsOf(ctx, body, credentialNames));
    answerOk(ctx);
  });
}
