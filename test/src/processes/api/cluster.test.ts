import { expect } from 'chai';
import { request } from 'undici';
import { Child } from '../../world/processes/child.js';
import { eventually } from '../../world/eventually.js';
import { KeybinClient } from '../../world/clients/keybin-client.js';
import { spawnApi, type ApiProcess } from '../../world/processes/keybin-process.js';

describe('several API processes at one address', () => {
  let api: ApiProcess;
  let client: KeybinClient;

  beforeEach(async () => {
    api = await spawnApi({ env: { KEYBIN_APP_PROCESSES: '2', KEYBIN_APP_DEBUG: 'true' } });
    client = new KeybinClient(api.url);
    await eventually(() => api.child.output.includes('Keybin listens'), 'all processes');
  });

  afterEach(async () => {
    api.child.killGroup();
    await api.child.exited;
  });

  /** Sends requests until two processes of the cluster have answered. */
  async function twoAnswering(except?: number): Promise<number[]> {
    return eventually(async () => {
      // A request given to a dying process hangs
      await (await request(api.url, { reset: true, headersTimeout: 500 })).body.dump();
      const pids = api.child.logs.filter(({ msg }) => msg === 'Request completed').map(({ pid }) => Number(pid));
      const distinct = [...new Set(pids)].filter((pid) => pid !== except);
      return distinct.length === 2 && distinct;
    }, 'answers from two processes');
  }

  it('report once where they listen, and all respond', async () => {
    const lines = api.child.logs.filter(({ msg }) => String(msg).startsWith('Keybin listens'));
    expect(lines.map(({ msg }) => msg)).to.match(
      new RegExp(`^Keybin listens on ${api.url}, data in .+ \\(embedded\\)$`),
    );
    expect(await twoAnswering()).not.to.include(api.child.pid);
  });

  it('show the writes of each of them', async () => {
    const { token } = await client.newAccount();
    await twoAnswering();
    for (let round = 0; round < 50; round++) {
      const headers = { connection: 'close' };
      await client.send('POST', `/user/${token}/store/k`, { json: { value: round }, headers });
      expect((await client.send('GET', `/user/${token}/store/k`, { headers })).json).to.deep.equal({ value: round });
    }
  });

  it('replace a process that was killed', async () => {
    const [victim] = await twoAnswering();
    if (victim === undefined) throw new Error('two were answering');
    process.kill(victim, 'SIGKILL');
    expect(await twoAnswering(victim)).not.to.include(victim);
  });

  it('shut down together, cleanly, even if the signal reaches each of them twice', async () => {
    const pids = await twoAnswering();
    process.kill(-api.child.pid, 'SIGTERM');
    expect((await api.child.exited).code).to.equal(0);
    for (const pid of pids) expect(() => process.kill(pid, 0)).to.throw('ESRCH');
  });

  it('exit with the primary', async () => {
    const pids = await twoAnswering();
    await api.child.kill('SIGKILL');
    await eventually(() => pids.every((pid) => !isAlive(pid)), 'the end of the children');
  });

  it('do not start at all if one cannot', async () => {
    const { port } = new URL(api.url);
    const main = new URL('../../../../api/dist/main.js', import.meta.url).pathname;
    const env = { KEYBIN_APP_PROCESSES: '2', KEYBIN_APP_PORT: port };
    const second = new Child('second cluster', process.execPath, [main], { env });
    expect((await second.exited).code).to.equal(1);
    expect(second.output).to.include('EADDRINUSE');
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
