import type { Router } from '@koa/router';
import { answerJson } from '../../answers.js';
import { afterWait } from '../../body-wait.js';
import { requestIdOf } from '../../request-id.js';
import { deleteValue, listKeys, readValue, storeValue } from '../../use-cases/entries.js';
import { answerOk, warnStale } from './answers.js';
import { entryRoute, keyOf, tokenOf, valueTextOf } from './parameters.js';
import type { KeybinParts } from './parts.js';

export function entryRoutes(router: Router, { engine, readBody, valueLimitBytes }: KeybinParts): void {
  router.get(entryRoute, async (ctx) => {
    const json = await readValue(engine, tokenOf(ctx), keyOf(ctx), () => warnStale(ctx.res));
    answerJson(ctx, `{"value":${json}}`);
  });

  router.post(entryRoute, async (ctx) => {
    const body = await readBody(ctx);
    const json = valueTextOf(body, valueLimitBytes);
    await afterWait(ctx, storeValue(engine, tokenOf(ctx), { key: keyOf(ctx), json }, requestIdOf(ctx)));
    answerOk(ctx);
  });

  router.delete(entryRoute, async (ctx) => {
    await deleteValue(engine, tokenOf(ctx), keyOf(ctx), requestIdOf(ctx));
    answerOk(ctx);
  });

  router.get('/user/:token/keys', async (ctx) => {
    const keys = await listKeys(engine, tokenOf(ctx), () => warnStale(ctx.res));
    answerJson(ctx, JSON.stringify({ keys }));
  });
}
