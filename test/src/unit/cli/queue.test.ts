import { expect } from 'chai';
import type { PartitionStatus } from '@keybin/shared/ports/partition-status.js';
import { expectDone } from '../../contract/subjects/answers.js';
import { eventually } from '../../world/eventually.js';
import { keybin, keybinJson } from '../../world/processes/keybin-command.js';
import { ScaleOutWorld } from '../../world/services/scale-out-world.js';
import { clusterServices } from '../../world/services/cluster-services.js';
import { services, type Services } from '../../world/services/services.js';

const partitions = 3;
const accounts = 12;

const sum = (statuses: readonly PartitionStatus[], count: (each: PartitionStatus) => number) =>
  statuses.reduce((total, each) => total + count(each), 0);

for (const [place, provide] of [
  ['a Redis', services],
  ['a Redis Cluster', clusterServices],
] as const) {
  queueSuite(place, provide);
}

function queueSuite(place: string, provide: () => Services): void {
  describe(`keybin queue, over ${place}`, function () {
    this.timeout(60_000);
    const own = { KEYBIN_QUEUE_PARTITIONS: String(partitions), KEYBIN_QUEUE_SWEEP_AFTER: '3600' };
    const world = new ScaleOutWorld({ services: provide, env: own });

    const settings = () => ({ ...world.services.env, ...own });
    const command = (...args: string[]) => keybin(['queue', ...args], settings());
    const status = async () =>
      (await keybinJson<{ partitions: PartitionStatus[] }>(['queue', 'status'], settings())).partitions;

    /** Writes one entry to each of several accounts. */
    async function write(): Promise<void> {
      for (let count = 0; count < accounts; count++) {
        const { token } = await world.here.newAccount();
        expectDone(await world.here.put(token, 'key', 'value'));
      }
    }

    it('status counts the pending writes of each partition, and their outcomes', async () => {
      const empty = await status();
      expect(empty.map(({ partition }) => partition)).to.deep.equal([0, 1, 2]);
      expect(empty[0]).to.deep.equal({
        partition: 0,
        paused: false,
        pendingEntries: 0,
        pendingBytes: 0,
        oldestUnappliedSeconds: 0,
        rejected: 0,
        jobs: { waiting: 0, active: 0, delayed: 0, failed: 0 },
      });

      const fromMs = performance.now();
      await write();
      const waiting = await status();
      expect(sum(waiting, ({ pendingEntries }) => pendingEntries)).to.equal(accounts);
      expect(sum(waiting, ({ jobs }) => jobs.waiting)).to.be.at.least(accounts);
      expect(sum(waiting, ({ pendingBytes }) => pendingBytes)).to.equal(
        accounts * 'key0123456789abcdef01234567P"value"'.length,
      );
      const oldest = Math.max(...waiting.map(({ oldestUnappliedSeconds }) => oldestUnappliedSeconds));
      expect(oldest)
        .to.be.above(0)
        .and.below((performance.now() - fromMs) / 1_000);
      const { stdout } = await command('status');
      expect(stdout.split('\n')).to.have.lengthOf(partitions + 3);
      expect(stdout)
        .to.match(/^ *partition +pending /)
        .and.match(new RegExp(`^ *all +${accounts} `, 'm'));

      const worker = await world.startWorker();
      await world.drained();
      await worker.stop();
      expect(await status()).to.deep.equal(empty);
    });

    it('pause stops workers from taking jobs in every partition, resume allows it again', async () => {
      const worker = await world.startWorker();
      expect((await command('pause')).code).to.equal(0);
      await write();
      const paused = await status();
      expect(paused.every((each) => each.paused)).to.equal(true);
      expect(sum(paused, ({ pendingEntries }) => pendingEntries)).to.equal(accounts);

      expect(await keybinJson(['queue', 'resume'], settings())).to.deep.equal({ paused: false });
      await world.drained();
      const resumed = await eventually(async () => {
        const now = await status();
        return sum(now, ({ jobs }) => jobs.waiting + jobs.active) === 0 && now;
      }, 'no jobs');
      expect(resumed.some((each) => each.paused)).to.equal(false);
      await worker.stop();
    });
  });
}
