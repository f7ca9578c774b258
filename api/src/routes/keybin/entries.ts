import type { Router } from '@koa/router';
import { answerJson } from '../../answers.js';
import { afterWait } from '../../body-wait.js';
import { requestIdOf } from '../../request-id.js';
import { deleteValue, listKeys, readValue, storeValue } from '../../use-cases/entries.js';
import { answerOk, warnStale } from './answers.js';
import { keyOf, tokenOf, valueTextOf } from './parameters.js';
import type { KeybinParts } from './parts.js';

export function entryRoutes(router: Router, { engine, readBody, valueLimitBytes }: KeybinParts): void {
  router.get('/user/:token/store/:key', async (ctx) => {
    const json = await readValue(engine, tokenOf(ctx), keyOf(ctx), () => warnStale(ctx));
    answerJson(ctx, `{"value":${json}}`);
  });

  router.post('/user/:token/store/:key', async (ctx) => {
    const body = await readBody(ctx);
    const json = valueTextOf(body, valueLimitBytes);
    await afterWait(ctx, storeValue(engine, tokenOf(ctx), { key: keyOf(ctx), json }, requestIdOf(ctx)));
    answerOk(ctx);
  });

  router.delete('/user/:token/store/:key', async (ctx) => {
    await deleteValue(engine, tokenOf(ctx), keyOf(ctx), requestIdOf(ctx));
    answerOk(ctx);
  });

  router.get('/user/:token/keys', async (ctx) => {
    const keys = await listKeys(engine, tokenOf(ctx), () => warnStale(ctx));
    answerJson(ctx, JSON.stringify({ keys }));
  });
}
