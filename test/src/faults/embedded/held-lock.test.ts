import { expect } from 'chai';
import { expectDone } from '../../contract/subjects/answers.js';
import { killPeers, Peer } from '../../processes/embedded/peer.js';
import { eventually } from '../../world/eventually.js';
import { KeybinClient } from '../../world/clients/keybin-client.js';
import { spawnApi, type ApiProcess } from '../../world/processes/keybin-process.js';
import { childrenOf, runs } from '../../world/processes/runs.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';

const atOnceMs = 2_000;

describe('an API of the embedded engine whose writes wait for a stopped process', function () {
  this.timeout(60_000); // processes start and end, on a machine that may be busy
  const directory = temporaryDirectory();
  const env = { KEYBIN_STORE_HOST: `lmdb://${directory}`, KEYBIN_APP_PROCESSES: '2' };
  let api: ApiProcess;
  let children: number[];
  let peer: Peer;
  let writes: Promise<unknown>;

  async function startHeld(own: Readonly<Record<string, string>> = {}): Promise<void> {
    api = await spawnApi({ env: { ...env, ...own } });
    children = childrenOf(api.child.pid);
    const { token } = await new KeybinClient(api.url).newAccount();
    peer = await Peer.start(directory);
    await peer.hold();
    const client = new KeybinClient(api.url, { connection: 'close' }); // so that each process gets some requests
    writes = Promise.allSettled(Array.from({ length: 8 }, (_, index) => client.put(token, `key_${index}`, index)));
    await writes; // 503; their transactions keep waiting
  }

  /** Asserts that the API and its children are gone, with an error, and that a new API can write. */
  async function expectGone(): Promise<void> {
    expect((await api.child.exited).code).to.be.above(0);
    await eventually(() => children.every((pid) => !runs(pid)), 'the end of its children', atOnceMs);
    await peer.kill();
    api = await spawnApi({ env });
    const client = new KeybinClient(api.url);
    const { token } = await client.newAccount();
    expectDone(await client.put(token, 'key', 1));
    await api.stop();
  }

  afterEach(async () => {
    api.child.killGroup();
    for (const pid of children) if (runs(pid)) process.kill(pid, 'SIGKILL');
    await api.child.exited;
    await killPeers();
  });

  it('exits when the drain timeout is over', async () => {
    await startHeld({ KEYBIN_LIMITS_DRAIN_TIMEOUT: '1' });
    await api.kill('SIGTERM');
    await expectGone();
  });

  it('exits at once on a second signal', async () => {
    await startHeld();
    await api.kill('SIGTERM');
    await eventually(() => api.child.output.includes('draining'), 'the drain');
    await eventually(async () => api.kill('SIGTERM').then(() => !api.child.alive), 'the end', atOnceMs);
    await expectGone();
  });
});
