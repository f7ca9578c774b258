import { expect } from 'chai';
import { KeybinClient, send } from '../../world/clients/keybin-client.js';
import { eventually } from '../../world/eventually.js';
import { launchWorker, spawnApi, spawnWorker, type WorkerProcess } from '../../world/processes/keybin-process.js';
import { ownServices } from '../../world/services/services.js';

/** Sends a request on its own connection. */
async function ask(worker: WorkerProcess, path: string): Promise<[status: number, body: Record<string, unknown>]> {
  const { status, json } = await send(worker.url, 'GET', path, { headers: { connection: 'close' } });
  return [status, json as Record<string, unknown>]; // /livez and /readyz return an object
}

async function statusOf(worker: WorkerProcess): Promise<[status: number, said: unknown]> {
  const [status, body] = await ask(worker, '/readyz');
  return [status, body['status']];
}

describe('/livez and /readyz of a worker', function () {
  this.timeout(60_000); // servers stop and start
  const services = ownServices();
  let worker: WorkerProcess;

  afterEach(async () => {
    await Promise.all([services.redis.kill('SIGCONT'), services.mongod.kill('SIGCONT')]);
    await worker.stop();
  });

  const start = async (env: Record<string, string> = {}) => {
    worker = await spawnWorker({ env: { ...services.env, ...env } });
  };

  it('report live and ready on an empty queue, and the time of the last batch', async () => {
    await start();
    expect(await ask(worker, '/livez')).to.deep.equal([200, { status: 'live' }]);
    const [status, body] = await ask(worker, '/readyz');
    expect(status).to.equal(200);
    expect(body).to.include({ status: 'ready', last_batch_at: null });
    // See docs/interfaces/service.md
    const { mongodb, redis } = body['dependencies'] as Record<string, Record<string, unknown>>;
    expect(mongodb).to.include({ status: 'up' });
    expect(redis).to.include({ status: 'up', durability: 'always' });
    const from = Date.now();
    const api = await spawnApi({ env: services.env });
    const client = new KeybinClient(api.url);
    await client.put((await client.newAccount()).token, 'a', 1);
    const last = await eventually(async () => {
      const { last_batch_at: at } = (await ask(worker, '/readyz'))[1];
      return typeof at === 'string' && at;
    }, 'a batch');
    expect(Date.parse(last)).to.be.within(from, Date.now());
    await api.stop();
  });

  it('report live but not ready until the worker has connected, and while a service is down', async () => {
    await services.redis.kill('SIGSTOP');
    worker = launchWorker({ env: services.env });
    const first = await eventually(() => statusOf(worker), 'an answer');
    expect(first).to.deep.equal([503, 'starting']);
    expect((await ask(worker, '/livez'))[0]).to.equal(200);
    await services.redis.kill('SIGCONT');
    await eventually(async () => (await statusOf(worker))[1] === 'ready', 'readiness');
    await services.mongod.kill('SIGKILL');
    await eventually(async () => (await statusOf(worker))[1] === 'unavailable', 'the outage');
    expect((await statusOf(worker))[0]).to.equal(503);
    await services.mongod.start();
    await eventually(async () => (await statusOf(worker))[1] === 'ready', 'readiness again');
  });

  it('return 503 while the worker drains', async () => {
    await start({ KEYBIN_LIMITS_DRAIN_TIMEOUT: '4' });
    const api = await spawnApi({ env: services.env });
    const client = new KeybinClient(api.url);
    const { token } = await client.newAccount();
    await services.mongod.kill('SIGSTOP'); // so that the drain takes a while
    await client.put(token, 'a', 1);
    await eventually(async () => (await statusOf(worker))[0] === 503, 'the outage');
    await worker.kill('SIGTERM');
    await eventually(async () => (await statusOf(worker))[1] === 'draining', 'the drain');
    expect((await ask(worker, '/livez'))[0]).to.equal(200);
    await worker.child.exited;
    await services.mongod.kill('SIGCONT');
    await api.stop();
  });

  it('are off without a port, and the worker still applies writes', async () => {
    await start({ KEYBIN_WORKER_PORT: '' });
    expect(worker.child.output).not.to.include('http://');
  });

  it('have no other routes next to them', async () => {
    await start();
    expect((await send(worker.url, 'GET', '/')).status).to.equal(404);
    const wrong = await send(worker.url, 'POST', '/readyz');
    expect(wrong.status).to.equal(405);
    expect(wrong.headers['allow']).to.equal('HEAD, GET');
  });
});
