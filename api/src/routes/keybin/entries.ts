import type { Router } from '@koa/router';
import { answerJson } from '../../answers/answers.js';
import { afterBodyWait } from '../../bodies/body-wait.js';
import { requestIdOf } from '../../requests/request-id.js';
import { deleteValue, listKeys, readValue, storeValue } from '../../use-cases/entries.js';
import { answerOk } from './answers.js';
import { warnStale } from './warn-stale.js';
import { entryRoute, keyParameter, tokenParameter, valueParameter } from './parameters.js';
import type { KeybinParts } from './keybin-parts.js';

export function entryRoutes(router: Router, { engine, readBody, valueLimitBytes }: KeybinParts): void {
  router.get(entryRoute, async (ctx) => {
    const json = await readValue(engine, tokenParameter(ctx), keyParameter(ctx), () => warnStale(ctx.res));
    answerJson(ctx, `{"value":${json}}`);
  });

  router.post(entryRoute, async (ctx) => {
    const body = await readBody(ctx);
    const json = valueParameter(body, valueLimitBytes);
    await afterBodyWait(
      ctx,
      storeValue(engine, tokenParameter(ctx), { key: keyParameter(ctx), json }, requestIdOf(ctx)),
    );
    answerOk(ctx);
  });

  router.delete(entryRoute, async (ctx) => {
    await deleteValue(engine, tokenParameter(ctx), keyParameter(ctx), requestIdOf(ctx));
    answerOk(ctx);
  });

  router.get('/user/:token/keys', async (ctx) => {
    const keys = await listKeys(engine, tokenParameter(ctx), () => warnStale(ctx.res));
    answerJson(ctx, JSON.stringify({ keys }));
  });
}
