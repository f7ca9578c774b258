import { Writable } from 'node:stream';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { ScaleOutGroupCommit } from '@keybin/shared/engines/scale-out/entries/group-commit.js';
import { script, type Script } from '@keybin/shared/engines/scale-out/redis/scripts.js';
import { loadTokenScripts, RedisTokenRecords } from '@keybin/shared/engines/scale-out/tokens/token-records.js';
import { EmbeddedGroupCommit } from '@keybin/shared/engines/embedded/transactions/group-commit.js';
import { hasCode } from '@keybin/shared/errors.js';
import { invariants, InvariantError, type InvariantName, type InvariantObserver } from '@keybin/shared/invariant.js';
import { LeasedUpload, type UploadTarget } from '@keybin/shared/uploads/leased-upload.js';
import { Metrics } from '@keybin/shared/metrics/metrics.js';
import { Applier, type ApplySteps } from '@keybin/worker/apply/applier.js';
import { LeasedLoop } from '@keybin/worker/sweep/leased-loop.js';
import { RequestOrigins } from '@keybin/worker/apply/request-origins.js';
import { PartitionWorker } from '@keybin/worker/jobs/partition-worker.js';
import { settleBy } from '@keybin/worker/apply/settle.js';
import { count, ownParts } from '../embedded/parts.js';
import { closeStores } from '../embedded/store.js';
import { changedScript } from '../../world/scale-out/changed-script.js';
import { only, put, roomy, silent } from '../../world/scale-out/staged.js';
import { freshPartition } from '../worker/partition.js';
import { eventually } from '../../world/eventually.js';
import { times } from '../../world/times.js';

/** Returns an observer of invariants with its log and its metrics. */
function observed() {
  const metrics = new Metrics();
  const lines: string[] = [];
  const log = pino(new Writable({ write: (line, _encoding, done) => done(void lines.push(String(line))) }));
  const observer: InvariantObserver = metrics.invariantObserver(log);
  return {
    ...observer,
    lines,
    failures: async (invariant: InvariantName) => {
      const series = await metrics.registry.getSingleMetric('keybin_invariant_failures_total')?.get();
      return series?.values.find(({ labels }) => labels['invariant'] === invariant)?.value;
    },
  };
}

type Observed = ReturnType<typeof observed>;

/** A step that breaks the invariant, and a later one in the same place that keeps it. */
interface Case {
  readonly broken: (observer: Observed) => Promise<unknown>;
  readonly next: () => Promise<unknown>;
}

/** Returns an upload into a store that accepts everything. `target` replaces parts of the store. */
function upload(target: Partial<UploadTarget>, observer?: InvariantObserver): LeasedUpload {
  const store: UploadTarget = {
    hold: async ({ wantedBytes }) => wantedBytes,
    write: async () => {},
    finish: async (digest) => ({ id: 'id', name: 'name', ...digest }),
    remove: async () => {},
    ...target,
  };
  return new LeasedUpload(store, { fileBytes: 2 ** 20, blockBytes: 4, heldBytes: 0 }, times, observer);
}

async function uploadNext(): Promise<void> {
  const another = upload({});
  await another.write(Buffer.from('whole file'));
  expect((await another.finish()).length).to.equal(10);
}

/** Reports an entry as both stored and rejected. */
const writeBoth: ApplySteps['write'] = async (entries) => ({
  stored: [...entries],
  overtaken: [],
  rejected: entries.map((entry) => ({ entry, reason: 'both' })),
});

/** Reports an older write as the one that has overtaken an entry. */
const overtakeByOlder: ApplySteps['write'] = async (entries) => ({
  stored: [],
  overtaken: entries.map((entry) => ({ entry, by: { ...entry, version: entry.version - 1 } })),
  rejected: [],
});

describe('an invariant', () => {
  const world = freshPartition();
  afterEach(closeStores);

  const commits = (accept: Script, { invariantFailed }: Observed) => {
    const { connection, queue } = world.partition.staged;
    const observer = { accepted() {}, invariantFailed };
    return new ScaleOutGroupCommit({
      partition: 0,
      connection,
      queue,
      limits: roomy,
      log: silent,
      script: accept,
      times,
      observer,
    });
  };
  const acceptTwo = (accept: Script, observer: Observed) => {
    const commit = commits(accept, observer);
    return Promise.all(['a', 'b'].map((key) => commit.accept(put(world.user, key, '1'))));
  };
  const stage = () => world.partition.stage(world.user, 'a', '2');

  /** Applies an entry with some of the steps replaced. */
  async function apply(replaced: Partial<ApplySteps>, { invariantFailed }: Observed): Promise<void> {
    const { partition, user } = world;
    await partition.stage(user, 'a', '1');
    const observer = { applied() {}, rejected() {}, retried: () => expect.fail('it was tried again'), invariantFailed };
    const steps = { ...partition.steps, ...replaced };
    await new Applier(steps, partition.patience, { batchMs: times.batchMs, observer }).apply([[user.userId, ['a']]]);
  }

  async function applyNext(): Promise<void> {
    expect(await world.partition.pendingCount(world.user)).to.equal(1);
    await world.partition.apply(world.user, 'a');
    expect(await world.partition.pendingCount(world.user)).to.equal(0);
  }

  const records = (scripts: { lease?: Script }, observer?: InvariantObserver) =>
    new RedisTokenRecords(
      only(world.partition.staged.connection),
      times,
      { ...loadTokenScripts(), ...scripts },
      observer,
    );

  async function leaseNext(): Promise<void> {
    const { outcome } = await records({}).lease({ ...world.user, client: 'another' }, 'issue');
    expect(outcome).to.equal('leased');
  }

  const cases: Readonly<Record<InvariantName, Case>> = {
    commit_answers_each: {
      broken: (observer) =>
        acceptTwo(
          changedScript('entries/accept', 'return answers', "answers[#answers + 1] = 'full' return answers"),
          observer,
        ),
      next: stage,
    },
    commit_versions_rise: {
      broken: (observer) =>
        acceptTwo(changedScript('entries/accept', 'clock = clock + 1', 'clock = clock - 1'), observer),
      next: stage,
    },
    group_applied_once: (() => {
      let writes: EmbeddedGroupCommit;
      return {
        broken: async ({ invariantFailed }: Observed) => {
          const { transactions, databases } = ownParts();
          let runs = 0;
          const run: typeof transactions.run = (steps) =>
            transactions.run(() => {
              if (++runs === 1) steps();
              return steps();
            });
          writes = new EmbeddedGroupCommit(
            { ...transactions, run },
            { timeoutMs: times.answerMs, observer: { accepted() {}, applied() {}, invariantFailed } },
          );
          try {
            await writes.apply(() => void databases.meta.put('a', '1'));
          } finally {
            expect(count(databases.meta), 'records').to.equal(1); // the record of the format
          }
        },
        next: () => writes.apply(() => undefined),
      };
    })(),
    batch_entry_has_one_outcome: {
      broken: (observer) => apply({ write: writeBoth }, observer),
      next: applyNext,
    },
    overtaken_by_newer: {
      broken: (observer) => apply({ write: overtakeByOlder }, observer),
      next: applyNext,
    },
    settled_entry_was_asked: {
      broken: (observer) => {
        const { connection, prefix } = world.partition.staged;
        const changed = changedScript('entries/settle', 'return settled', 'return 2');
        return apply({ settle: settleBy(connection, prefix, { script: changed, observer }) }, observer);
      },
      next: async () => {
        await stage();
        await applyNext();
      },
    },
    sweep_lease_answer: {
      broken: async (observer) => {
        const options = { redis: world.partition.staged.connection, leaseKey: 'lease', log: silent, observer };
        const loop = new LeasedLoop('Nothing', async () => expect.fail('it swept without a lease'), {
          ...options,
          times: { sweepMs: 1, sweepLeaseMs: 1_000 },
          script: script('return 2'),
        });
        loop.start();
        await eventually(async () => Number(await observer.failures('sweep_lease_answer')) > 1, 'the loop to go on');
        await loop.close(1_000);
        throw new InvariantError('sweep_lease_answer'); // the loop has logged its own error
      },
      next: async () => {
        const options = { redis: world.partition.staged.connection, leaseKey: 'lease', log: silent, times };
        let sweeps = 0;
        const loop = new LeasedLoop('Nothing', async () => void sweeps++, { ...options, observer: observed() });
        loop.start();
        await eventually(async () => sweeps > 0, 'a sweep');
        await loop.close(1_000);
      },
    },
    token_lease_answer: {
      broken: (observer) => {
        const lease = changedScript('tokens/lease-record', "return answer('leased')", "return answer('live')");
        return records({ lease }, observer).lease({ ...world.user, client: 'another' }, 'logout');
      },
      next: () =>
        records({})
          .forget({ ...world.user, client: 'another' })
          .then(leaseNext),
    },
    fill_under_lease: {
      broken: async (observer) => {
        const lease = await records({}).lease(world.user, 'issue');
        await records({}, observer).fill(world.user, lease, lease.timeUs, 'delete');
      },
      next: leaseNext,
    },
    upload_room_granted: {
      broken: (observer) => upload({ hold: async () => 0 }, observer).write(Buffer.from('bytes')),
      next: uploadNext,
    },
    upload_is_whole: {
      broken: async (observer) => {
        const early = upload({}, observer);
        await early.write(Buffer.from('room'));
        early.write(Buffer.from('more than a block')).catch(() => {});
        return early.finish();
      },
      next: uploadNext,
    },
  };

  for (const [name, { broken, next }] of Object.entries(cases) as [InvariantName, Case][]) {
    it(`fails its write or batch and nothing else, with a log line and a metric: ${name}`, async () => {
      const observer = observed();
      expect(await observer.failures(name)).to.equal(0);
      const error = await broken(observer).then(
        () => expect.fail('it was not refused'),
        (reason: unknown) => reason,
      );
      expect(error).to.be.instanceOf(InvariantError);
      expect(hasCode(error, 'unavailable')).to.equal(true);
      expect(await observer.failures(name)).to.be.at.least(1);
      expect(observer.lines[0]).to.include('"level":50').and.to.include(`${name}: ${invariants[name]}`);
      await next();
    });
  }

  it('that does not hold for the batch of a job fails the job, and the sweeper retries its entries', async () => {
    const { partition, user } = world;
    const { queue, redis } = partition.staged;
    const { port = 0, db = 0 } = redis.options;
    await partition.stage(user, 'a', '1');
    let runs = 0;
    const worker = new PartitionWorker({
      connect: (options) => new Redis({ ...options, port, db }),
      partition: 0,
      prefix: partition.staged.prefix,
      concurrency: 1,
      jobBatcher: {
        add: async () => {
          runs += 1;
          throw new InvariantError('batch_entry_has_one_outcome');
        },
      },
      origins: new RequestOrigins(),
      rejectedWrites: partition.rejectedWrites,
      erase: async () => {},
      patience: partition.patience,
      log: silent,
      times,
    });
    worker.start();
    try {
      await eventually(async () => (await queue.status()).jobs.failed === 1, 'a failed job');
    } finally {
      await worker.close(1_000);
    }
    expect(runs).to.equal(1);
    expect(await partition.pendingCount(user)).to.equal(1);
    await partition.apply(user, 'a');
    expect(await partition.pendingCount(user)).to.equal(0);
  });
});
