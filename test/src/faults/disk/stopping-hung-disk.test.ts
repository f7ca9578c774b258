import { expect } from 'chai';
import { eventually } from '../../world/eventually.js';
import { FaultyDisk } from '../../world/disks/faulty-disk.js';
import { KeybinClient } from '../../world/clients/keybin-client.js';
import { spawnApi, type ApiProcess } from '../../world/processes/keybin-process.js';
import { programs } from '../../world/services/services.js';

const drainTimeoutMs = 1_000;
const atOnceMs = 2_000;

describe('an API of the embedded engine with exclusive access to its directory, whose disk hangs', function () {
  this.timeout(60_000); // processes start and end, on a machine that may be busy
  programs('gcc');
  let disk: FaultyDisk;
  let api: ApiProcess;

  async function startHung(own: Readonly<Record<string, string>> = {}): Promise<void> {
    disk = new FaultyDisk();
    api = await spawnApi({ env: { ...disk.env, ...own } });
    const client = new KeybinClient(api.url);
    const { token } = await client.newAccount();
    disk.hang();
    expect((await client.put(token, 'key', 1)).status).to.equal(503);
    expect(disk.isHanging).to.equal(true);
  }

  /** Asserts that the process is gone, by itself or by its own kill (`kill-at-exit.ts`), and did not exit with 0. */
  async function expectGone(sinceMs: number, withinMs: number): Promise<void> {
    const { code } = await api.child.exited;
    expect(performance.now() - sinceMs).to.be.below(withinMs);
    expect(code).to.not.equal(0);
  }

  afterEach(async () => {
    disk.goOn();
    api.child.killGroup();
    await api.child.exited;
  });

  it('exits when the drain timeout is over', async () => {
    await startHung({ KEYBIN_LIMITS_DRAIN_TIMEOUT: String(drainTimeoutMs / 1_000) });
    const sinceMs = performance.now();
    await api.kill('SIGTERM');
    await expectGone(sinceMs, drainTimeoutMs + atOnceMs);
  });

  it('exits at once on a second signal', async () => {
    await startHung({ KEYBIN_LIMITS_DRAIN_TIMEOUT: '30' });
    await api.kill('SIGTERM');
    await eventually(() => api.child.output.includes('draining'), 'the drain');
    const sinceMs = performance.now();
    await eventually(async () => api.kill('SIGTERM').then(() => !api.child.alive), 'the end', atOnceMs);
    await expectGone(sinceMs, atOnceMs);
  });
});
