import { expect } from 'chai';
import type { Child } from '../../world/processes/child.js';
import { eventually } from '../../world/eventually.js';
import { KeybinClient } from '../../world/clients/keybin-client.js';
import { spawnApi, spawnWorker } from '../../world/processes/keybin-process.js';
import { ownServices } from '../../world/services/services.js';

/**
 * Kills and restarts MongoDB. Resolves with the process's log lines about it. `use` makes the process query MongoDB.
 */
async function saidOf(child: Child, mongod: ReturnType<typeof ownServices>['mongod'], use: () => Promise<unknown>) {
  const said = () => child.logs.map(({ msg }) => String(msg)).filter((msg) => msg.startsWith('MongoDB is'));
  const saysMore = async (lines: number) => {
    await use();
    return said().length >= lines;
  };
  await mongod.kill('SIGKILL');
  await eventually(() => saysMore(1), 'a line about the outage', 20_000);
  await mongod.start();
  await eventually(() => saysMore(2), 'a line about its end', 20_000);
  return said();
}

describe('the log of a process that uses MongoDB', function () {
  this.timeout(60_000); // processes start and die, on a machine that may be busy
  const given = ownServices();
  const both = ['MongoDB is down', 'MongoDB is up again'];

  it('reports an outage once and its end once: an API', async () => {
    const api = await spawnApi({ env: given.env });
    const client = new KeybinClient(api.url);
    const said = await saidOf(api.child, given.mongod, () => client.keys('no-token')).finally(() => api.stop());
    expect(said).to.deep.equal(both);
  });

  it('reports an outage once and its end once: a worker', async () => {
    const worker = await spawnWorker({ env: given.env });
    const said = await saidOf(worker.child, given.mongod, async () => {}).finally(() => worker.stop());
    expect(said).to.deep.equal(both);
  });
});
