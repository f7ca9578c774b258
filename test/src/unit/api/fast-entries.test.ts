import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { AnswerMemory } from '@keybin/api/answers/answer-memory.js';
import { ApiMetrics } from '@keybin/api/metrics/api-metrics.js';
import { fastEntries } from '@keybin/api/routes/keybin/fast-entries.js';
import { openEngine } from '@keybin/shared/engines/open-engine.js';
import { loadConfig } from '@keybin/shared/config/load/load-config.js';
import { unavailable } from '@keybin/shared/errors.js';
import { createLog, type Log } from '@keybin/shared/process/log.js';
import { Scrape } from '../metrics/scrape.js';
import { KeybinClient } from '../../world/clients/keybin-client.js';
import { startApi } from '../../world/processes/keybin-service.js';
import type { RunningApi } from '../../world/processes/running.js';

import { temporaryDirectory } from '../../world/processes/temporary-directory.js';

/** Headers that differ from answer to answer. */
const varying = new Set(['date', 'x-request-id']);
const json = { 'content-type': 'application/json' };

/** Stands in for Koa. */
const handOn: RequestListener = (_request, response) => response.writeHead(418).end();

const headersOf = ({ headers }: Response) => Object.fromEntries([...headers].filter(([name]) => !varying.has(name)));

/** Asserts that two answers are alike. A query makes Koa answer a request. */
async function expectAlike(fast: Response, koa: Response): Promise<void> {
  expect(fast.status).to.equal(koa.status);
  expect(headersOf(fast)).to.deep.equal(headersOf(koa));
  expect(await fast.text()).to.equal(await koa.text());
}

describe('reads and writes that are answered without Koa', () => {
  let api: RunningApi;
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

  it('fail like there', async () => {
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

  it('are refused alike for a body above the limit, even with a small value', async () => {
    const body = `{"value":1,"other":"${'x'.repeat(8_192)}"}`;
    const refused = await post('c', body);
    expect(refused.status).to.equal(413);
    await expectAlike(refused, await post('c?x', body));
    await expectAlike(await fetch(path('c')), await fetch(path('c?x')));
  });

  it('use the id of the request', async () => {
    const { headers } = await fetch(path('a'), { headers: { 'x-request-id': 'mine' } });
    expect(headers.get('x-request-id')).to.equal('mine');
  });
});

describe('a write that fails without Koa', () => {
  const lines: { level: string; request: string; err: unknown; message: string }[] = [];
  const at = (level: string) => (members: { request: string; err: unknown }, message: string) =>
    void lines.push({ level, ...members, message });
  const log = { error: at('error'), debug: at('debug') } as unknown as Log; // the methods that a failed request calls

  /** Sends a write that throws `error` after `delayMs`. Returns the answer, log lines and metrics. */
  async function failed(error: Error, delayMs = 0) {
    const config = loadConfig(['--config', '/dev/null'], { KEYBIN_STORE_HOST: `lmdb://${temporaryDirectory()}` });
    const engine = await openEngine(config, createLog({ debug: false }));
    const requests: string[] = [];
    const failing = {
      ...engine,
      entries: {
        ...engine.entries,
        put: async (_token: string, _key: string, _json: string, request: string) => {
          requests.push(request);
          await delay(delayMs);
          throw error;
        },
      },
    };
    const { requests: durations, registry } = new ApiMetrics();
    const answers = new AnswerMemory(1_000);
    const server = createServer(
      fastEntries({ engine: failing, answers, durations, bodyLimitBytes: 1_000, log }, handOn),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as AddressInfo; // it listens on TCP
      const url = `http://127.0.0.1:${port}/user/00000000-0000-4000-8000-000000000000/store/a`;
      const response = await fetch(url, { method: 'POST', body: '{"value":1}', headers: json });
      const { status, headers } = response;
      const text = await response.text();
      return { status, headers, text, requests, scrape: new Scrape(await registry.metrics()) };
    } finally {
      server.close();
      await engine.close();
    }
  }

  beforeEach(() => lines.splice(0));

  it('is timed from its start, gets the id of its write, and never reaches Koa', async () => {
    const fromMs = performance.now();
    const { status, headers, requests, scrape } = await failed(unavailable(), 200);
    const mostSeconds = (performance.now() - fromMs) / 1_000;
    expect(status).to.equal(503);
    expect(requests).to.deep.equal([headers.get('x-request-id')]);
    expect(scrape.sum('keybin_http_request_duration_seconds_count', { status: '503' })).to.equal(1);
    expect(scrape.sum('keybin_http_request_duration_seconds_sum')).to.be.within(0.19, mostSeconds);
    expect(lines).to.deep.equal([]);
  });

  it('is logged at debug level with the cause, which the client does not see', async () => {
    const cause = new Error('the disk hangs');
    const { requests } = await failed(unavailable(cause));
    const message = 'Service unavailable, try again later';
    expect(lines).to.deep.equal([{ level: 'debug', request: requests[0], err: cause, message }]);
  });

  it('gets a fixed message, and is logged as an error, if it was unexpected', async () => {
    const bug = new TypeError('x is not a function');
    const { status, text, requests } = await failed(bug);
    expect(status).to.equal(500);
    expect(text).to.equal('Internal server error');
    expect(lines).to.deep.equal([{ level: 'error', request: requests[0], err: bug, message: 'A request failed' }]);
  });
});
