import { Readable } from 'node:stream';
import type { Router } from '@koa/router';
import { answerHeldJson, answerJson } from '../../answers/answers.js';
import { untilClosed } from '../../answers/until-closed.js';
import { afterBodyWait } from '../../bodies/body-wait.js';
import { requestIdOf } from '../../requests/request-id.js';
import { deleteValue, listKeys, readValue, storeValue } from '../../use-cases/entries.js';
import { answerOk } from './answers.js';
import { warnStale } from './warn-stale.js';
import { entryRoute, keyParameter, tokenParameter, valueParameter } from './parameters.js';
import type { KeybinParts } from './keybin-parts.js';

export function entryRoutes(
  router: Router,
  { engine, readText, answers, transfers, valueLimitBytes }: KeybinParts,
): void {
  router.get(entryRoute, async (ctx) => {
    const json = await readValue(engine, tokenParameter(ctx), keyParameter(ctx), {
      onStale: () => warnStale(ctx.res),
      onValue: (userId, length) => answers.hold(ctx.res, userId, length),
    });
    answerJson(ctx, `{"value":${json}}`);
  });

  router.post(entryRoute, async (ctx) => {
    const json = valueParameter(await readText(ctx), valueLimitBytes);
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
    const onStale = () => warnStale(ctx.res);
    const { userId, first, more } = await listKeys(engine, tokenParameter(ctx), {
      signal: untilClosed(ctx.res),
      onStale,
    });
    if (!more) return answerHeldJson(ctx, answers, userId, JSON.stringify({ keys: first }));
    transfers.sending(ctx.res, userId);
    answerJson(ctx, Readable.from(keysText(first, more), { objectMode: false }));
  });
}

/** Returns the JSON text of a list of keys in pieces, one for each page. `first` has at least one key. */
async function* keysText(
  first: readonly string[],
  more: AsyncIterable<readonly string[]>,
): AsyncGenerator<string, void, undefined> {
  let text = `{"keys":${JSON.stringify(first).slice(0, -1)}`;
  for await (const page of more) {
    yield text;
    text = `,${JSON.stringify(page).slice(1, -1)}`;
  }
  yield `${text}]}`;
}
