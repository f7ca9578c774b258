import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { request } from 'undici';
import { Child } from '../../world/processes/child.js';
import { eventually } from '../../world/eventually.js';
import { KeybinClient } from '../../world/clients/keybin-client.js';
import { spawnApi, type ApiProcess } from '../../world/processes/keybin-process.js';
import { childrenOf, standsStill } from '../../world/processes/runs.js';
import { onSomePort } from '../../world/processes/some-port.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';

const main = fileURLToPath(new URL('../../../../api/dist/main.js', import.meta.url));

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
    const env = { KEYBIN_APP_PROCESSES: '2', KEYBIN_APP_PORT: port };
    const second = new Child('second cluster', process.execPath, [main], { env });
    expect((await second.exited).code).to.equal(1);
    expect(second.output).to.include('EADDRINUSE');
  });
});

describe('several API processes that start', () => {
  /** Makes the second child stand still before it has done anything. */
  const stopSecond =
    "import cluster from 'node:cluster'; if (cluster.worker?.id === 2) process.kill(process.pid, 'SIGSTOP')";

  it('replace one that is killed before it serves, beside one that serves', async () => {
    await onSomePort(async (port) => {
      const api = new Child('api', process.execPath, [main], {
        cwd: temporaryDirectory(),
        env: {
          KEYBIN_APP_PROCESSES: '2',
          KEYBIN_APP_PORT: String(port),
          NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(stopSecond)}`,
        },
      });
      try {
        const livez = async () => (await request(`http://127.0.0.1:${port}/livez`, { reset: true })).statusCode === 200;
        await eventually(livez, 'the first process', 30_000);
        const victim = childrenOf(api.pid).find(standsStill);
        if (victim === undefined) throw new Error('the second process stands still');
        expect(api.output).not.to.include('Keybin listens');
        process.kill(victim, 'SIGKILL');
        await api.says(/exited \(SIGKILL\)/);
        await api.says(/Keybin listens/);
      } catch (error) {
        throw new Error(api.output, { cause: error });
      } finally {
        api.killGroup();
        await api.exited;
      }
    });
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
