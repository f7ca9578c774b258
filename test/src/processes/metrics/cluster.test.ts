import { expect } from 'chai';
import { eventually } from '../../world/eventually.js';
import { send } from '../../world/clients/keybin-client.js';
import { spawnApi, type ApiProcess } from '../../world/processes/keybin-process.js';
import { runs } from '../../world/processes/runs.js';
import { scrape, type Scrape } from '../../unit/metrics/scrape.js';

const requests = 'keybin_http_request_duration_seconds_count';

describe('/metrics of several processes', () => {
  let api: ApiProcess;
  const register = { route: '/register', method: 'POST', status: '200' };
  const registered = (seen: Scrape) => seen.sum(requests, register);

  beforeEach(async () => {
    api = await spawnApi({ env: { KEYBIN_APP_PROCESSES: '2', KEYBIN_APP_DEBUG: 'true' } });
  });

  afterEach(() => api.stop());

  it('covers all of them, whichever responds', async () => {
    const { count } = await registerOnBoth(api);
    for (let round = 0; round < 6; round++) expect(registered(await scrape(api.url))).to.equal(count);
    expect((await scrape(api.url)).of('keybin_build_info').map(({ value }) => value)).to.deep.equal([1]);
  });

  it('keeps the counts of a process that was killed', async () => {
    const { pids, count } = await registerOnBoth(api);
    expect(registered(await scrape(api.url))).to.equal(count);
    const [victim = 0] = pids;
    process.kill(victim, 'SIGKILL');
    await eventually(() => !runs(victim), 'the end of one');
    await eventually(async () => {
      const seen = await scrapeAfterwards(api, 500); // a scrape given to a dying process hangs
      return seen && registered(seen) === count;
    }, 'the same count');
  });

  it('responds in time, with the last values of a process that hangs', async () => {
    const { pids, count } = await registerOnBoth(api);
    expect(registered(await scrape(api.url))).to.equal(count);
    const [hanging = 0] = pids;
    process.kill(hanging, 'SIGSTOP');
    try {
      // Half of the new connections go to the process that hangs
      const seen = await eventually(async () => scrapeAfterwards(api, 3_000), 'an answer of the other one', 20_000);
      expect(registered(seen)).to.equal(count);
    } finally {
      process.kill(hanging, 'SIGCONT');
    }
  }).timeout(40_000);
});

/**
 * Registers on new connections until two processes have answered. Returns their ids and the number of registrations.
 */
async function registerOnBoth(api: ApiProcess): Promise<{ pids: number[]; count: number }> {
  for (let count = 1; ; count++) {
    const json = { username: `user-${performance.now()}`, password: 'p' };
    const answer = await send(api.url, 'POST', '/register', { json, headers: { connection: 'close' } });
    expect(answer.status).to.equal(200);
    const answered = api.logs.filter(({ route }) => route === '/register').map(({ pid }) => Number(pid));
    const pids = [...new Set(answered)];
    if (pids.length === 2) return { pids, count };
    expect(count).to.be.below(100);
  }
}

/**
 * Returns what an API says of itself after a request of this call, or `undefined` if it says what it has said before or
 * does not answer in time.
 */
async function scrapeAfterwards(api: ApiProcess, ms: number): Promise<Scrape | undefined> {
  await withinMs(send(api.url, 'GET', '/livez', { headers: { connection: 'close' } }), ms);
  const seen = await withinMs(scrape(api.url), ms);
  return seen && seen.sum(requests, { route: '/livez' }) > 0 ? seen : undefined;
}

async function withinMs<T>(work: Promise<T>, ms: number): Promise<T | undefined> {
  work.catch(() => {});
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), ms)));
  const first = await Promise.race([work, late]);
  clearTimeout(timer);
  return first;
}
