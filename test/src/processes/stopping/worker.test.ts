import { expect } from 'chai';
import { HoldingProxy } from '../../world/scale-out/holding-proxy.js';
import type { Child } from '../../world/processes/child.js';
import { KeybinClient } from '../../world/clients/keybin-client.js';
import { spawnWorker, type WorkerProcess } from '../../world/processes/keybin-process.js';
import { startApi, startWorker } from '../../world/processes/keybin-service.js';
import type { RunningApi } from '../../world/processes/running.js';
import { eventually } from '../../world/eventually.js';
import { ownServices } from '../../world/services/services.js';
import { openJobs, failedJobs, withQueue } from '../../faults/support/jobs.js';
import { storedDocuments } from '../../world/services/stored-documents.js';
import { Load } from './load.js';

describe('a worker that shuts down under load', function () {
  this.timeout(60_000); // processes start and end, on a machine that may be busy
  let api: RunningApi;
  let client: KeybinClient;
  let token: string;
  let clients: Load;
  let prefix: string;
  let loads = 0;
  const workers: WorkerProcess[] = [];
  let mongoWay: HoldingProxy;
  let redisWay: HoldingProxy;
  after(() => api?.stop());
  const given = ownServices();

  before(async () => {
    api = await startApi({ env: given.env });
    client = new KeybinClient(api.url);
  });

  beforeEach(async () => {
    mongoWay = await HoldingProxy.open(given.mongoUrl);
    redisWay = await HoldingProxy.open(given.redisUrl);
    ({ token } = await client.newAccount());
    prefix = `load${++loads}`;
  });

  afterEach(async () => {
    await clients?.end();
    await Promise.all(workers.splice(0).map(({ child }) => child.stop()));
    mongoWay.close();
    redisWay.close();
  });

  /** Starts a worker that reaches MongoDB and Redis through its own proxies. */
  async function start(settings: Readonly<Record<string, string>> = {}): Promise<Child> {
    const worker = await spawnWorker({
      env: {
        ...given.env,
        KEYBIN_STORE_HOST: `mongodb://127.0.0.1:${mongoWay.port}/`,
        KEYBIN_QUEUE_REDIS: `redis://127.0.0.1:${redisWay.port}`,
        ...settings,
      },
    });
    workers.push(worker);
    return worker.child;
  }

  async function load(): Promise<void> {
    clients = new Load(() => api.url, token, prefix);
    await clients.progress();
  }

  /** Makes MongoDB stop answering the idle worker. Resolves once a batch waits for MongoDB. */
  async function hangMongo(): Promise<void> {
    mongoWay.hold();
    await client.put(token, `${prefix}_hangs`, 1);
    const isWritten = async () => (await storedDocuments(given, new RegExp(`/${prefix}_hangs$`))).length > 0;
    await eventually(isWritten, 'a batch that waits for its answer');
  }

  const active = () => withQueue(given.redisUrl, (queue) => queue.getActiveCount());

  /** Asserts that a new worker has applied all acknowledged writes, and that no job has failed or counts an attempt. */
  async function expectApplied(): Promise<void> {
    await clients.progress();
    await clients.end();
    expect(clients.failures).to.deep.equal([]);
    const worker = await startWorker({ env: given.env });
    await eventually(async () => (await openJobs(given.redisUrl)).length === 0, 'an empty queue', 20_000);
    await worker.stop();
    expect(await failedJobs(given.redisUrl)).to.equal(0);
    expect(await clients.lostIn(client)).to.deep.equal([]);
    const documents = await storedDocuments(given, new RegExp(`/${prefix}_`));
    expect(documents).not.to.deep.equal([]);
    for (const { _id, value } of documents) {
      const { text } = await client.get(token, String(_id).split('/')[1] ?? '');
      expect(text).to.equal(`{"value":${String(value)}}`);
    }
  }

  it('finishes its jobs and exits 0', async () => {
    const worker = await start();
    await load();
    await worker.kill('SIGTERM');
    expect((await worker.exited).code).to.equal(0);
    expect(await active()).to.equal(0);
    await expectApplied();
  });

  it('gives back the jobs that it cannot finish because MongoDB hangs, and exits 0', async () => {
    const worker = await start();
    await hangMongo();
    await load();
    await worker.kill('SIGTERM');
    expect((await worker.exited).code).to.equal(0);
    expect(await active()).to.equal(0);
    const jobs = await openJobs(given.redisUrl);
    expect(jobs).not.to.deep.equal([]);
    expect(jobs.map(({ attemptsMade }) => attemptsMade)).to.deep.equal(jobs.map(() => 0));
    await expectApplied();
  });

  it('exits at once on a second signal, not with 0, and loses nothing', async () => {
    const worker = await start({ KEYBIN_LIMITS_DRAIN_TIMEOUT: '3600' });
    await hangMongo();
    await load();
    redisWay.hold(); // its jobs can be neither finished nor returned
    await worker.kill('SIGTERM');
    await eventually(() => worker.output.includes('draining'), 'the drain');
    // A second signal right after the first is its echo
    await eventually(async () => worker.kill('SIGTERM').then(() => !worker.alive), 'the end');
    expect((await worker.exited).code).to.equal(1);
    await expectApplied();
  });
});
