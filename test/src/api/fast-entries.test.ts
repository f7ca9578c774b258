import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import Koa from 'koa';
import { ApiMetrics } from '@keybin/api/api-metrics.js';
import { Begun } from '@keybin/api/begun.js';
import { fastEntries } from '@keybin/api/fast-entries.js';
import { eachRequest } from '@keybin/api/middleware/each-request.js';
import { answerErrors } from '@keybin/api/middleware/errors.js';
import { openEngine } from '@keybin/shared/engines/open-engine.js';
import { loadConfig } from '@keybin/shared/config/load-config.js';
import { unavailable } from '@keybin/shared/errors.js';
import { createLog } from '@keybin/shared/log.js';
import { Scrape } from '../metrics/scrape.js';
import { KeybinClient } from '../world/keybin-client.js';
import { startApi, type ApiProcess } from '../world/keybin-process.js';
import { temporaryDirectory } from '../world/temporary-directory.js';

/** What differs from answer to answer. */
const varying = new Set(['date', 'x-request-id']);
const json = { 'content-type': 'application/json' };

const headersOf = ({ headers }: Response) => Object.fromEntries([...headers].filter(([name]) => !varying.has(name)));

/** Koa has whatever has a query. */
async function expectAlike(fast: Response, koa: Response): Promise<void> {
  expect(fast.status).to.equal(koa.status);
  expect(headersOf(fast)).to.deep.equal(headersOf(koa));
  expect(await fast.text()).to.equal(await koa.text());
}

describe('reads and writes that are answered without Koa', () => {
  let api: ApiProcess;
  let token: string;

  before(async () => {
    api = await startApi({ env: { KEYBIN_LIMITS_BODY_BYTES: '8KiB' } });
    ({ token } = await new KeybinClient(api.url).newAccount());
  });
  after(() => api.stop());

  const path = (key: string) => `${api.url}/user/${token}/store/${key}`;
  const post = (key: string, body: string) => fetch(path(key), { method: 'POST', body, headers: json });

  it('have the status, the headers and the text that Koa gives them', async () => {
    await expectAlike(await post('a', '{"value":"é"}'), await post('a?x', '{"value":"é"}'));
    await expectAlike(await fetch(path('a')), await fetch(path('a?x')));
  });

  it('fail as they do there', async () => {
    await expectAlike(await fetch(path('missing')), await fetch(path('missing?x')));
    for (const body of [
      '',
      '[]',
      '{',
      '{"value":null}',
      '{"other":1}',
      `{"value":${'['.repeat(2_000)}${']'.repeat(2_000)}}`,
      `{"value":"${'x'.repeat(8_192)}"}`,
    ]) {
      await expectAlike(await post('b', body), await post('b?x', body));
    }
    const other = path('a').replace(token, '00000000-0000-4000-8000-000000000000');
    await expectAlike(await fetch(other), await fetch(`${other}?x`));
    await expectAlike(await fetch(path('k'.repeat(513))), await fetch(path(`${'k'.repeat(513)}?x`)));
    const problem = { accept: 'application/problem+json' };
    await expectAlike(
      await fetch(path('none'), { headers: problem }),
      await fetch(path('none?x'), { headers: problem }),
    );
  });

  it('are refused likewise for a body larger than is configured, with however small a value', async () => {
    const body = `{"value":1,"other":"${'x'.repeat(8_192)}"}`;
    const refused = await post('c', body);
    expect(refused.status).to.equal(413);
    await expectAlike(refused, await post('c?x', body));
    await expectAlike(await fetch(path('c')), await fetch(path('c?x')));
  });

  it('take over the id of a request', async () => {
    const { headers } = await fetch(path('a'), { headers: { 'x-request-id': 'mine' } });
    expect(headers.get('x-request-id')).to.equal('mine');
  });
});

describe('a write that fails before Koa has it', () => {
  it('is timed from its beginning, and is answered with the id that its write had', async () => {
    const log = createLog({ debug: false });
    const config = loadConfig(['--config', '/dev/null'], { KEYBIN_STORE_HOST: `lmdb://${temporaryDirectory()}` });
    const engine = await openEngine(config, log);
    const requests: string[] = [];
    const failing = {
      ...engine,
      entries: {
        ...engine.entries,
        put: async (_token: string, _key: string, _json: string, request: string) => {
          requests.push(request);
          await delay(200);
          throw unavailable();
        },
      },
    };
    const begun = new Begun();
    const { requests: durations, rateLimited, registry } = new ApiMetrics();
    const koa = new Koa();
    koa.use(eachRequest({ log, durations, rateLimited, answerError: answerErrors(log, []), begun }));
    koa.use((ctx) => begun.rethrow(ctx.req));
    const server = createServer(
      fastEntries({ engine: failing, durations, bodyLimitBytes: 1_000, begun, log }, koa.callback()),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as AddressInfo; // it listens on TCP
      const url = `http://127.0.0.1:${port}/user/00000000-0000-4000-8000-000000000000/store/a`;
      const { status, headers } = await fetch(url, { method: 'POST', body: '{"value":1}', headers: json });
      expect(status).to.equal(503);
      expect(requests).to.deep.equal([headers.get('x-request-id')]);
      const seconds = new Scrape(await registry.metrics()).sum('keybin_http_request_duration_seconds_sum');
      expect(seconds).to.be.within(0.19, 10);
    } finally {
      server.close();
      await engine.close();
    }
  });
});
