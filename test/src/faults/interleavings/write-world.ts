import { randomUUID } from 'node:crypto';
import { ObjectId } from 'mongodb';
import { RedisAccountMarks } from '@keybin/shared/engines/scale-out/accounts/account-marks.js';
import type { Bearer } from '@keybin/shared/engines/scale-out/tokens/bearer.js';
import { TokenCheckedSteps } from '@keybin/shared/engines/scale-out/entries/token-checked-steps.js';
import { ScaleOutEntries } from '@keybin/shared/engines/scale-out/entries/entries.js';
import { ErasureRecords } from '@keybin/shared/engines/scale-out/accounts/erasure-records.js';
import { clockKey, epochKey } from '@keybin/shared/engines/scale-out/redis/keys.js';
import { formatEpoch } from '@keybin/shared/engines/scale-out/redis/pending-entry.js';
import { PendingReads } from '@keybin/shared/engines/scale-out/entries/pending-reads.js';
import type { ApplyJob, EraseJob } from '@keybin/shared/engines/scale-out/queue/partition-queue.js';
import { StoredEntries } from '@keybin/shared/engines/scale-out/entries/stored-entries.js';
import { unregister } from '@keybin/shared/engines/scale-out/accounts/unregister.js';
import { invalidToken } from '@keybin/shared/errors.js';
import type { Applier } from '@keybin/worker/apply/applier.js';
import { eraseDocuments } from '@keybin/worker/sweep/erase-documents.js';
import { repeatErasures } from '@keybin/worker/sweep/repeat-erasures.js';
import { Overdue } from '@keybin/worker/sweep/overdue.js';
import { settleBy } from '@keybin/worker/apply/settle.js';
import { sweepEntries } from '@keybin/worker/sweep/sweep-entries.js';
import { gated } from '../../world/scale-out/gates.js';
import { only, silent } from '../../world/scale-out/staged.js';
import type { Partition } from '../../unit/worker/partition.js';
import type { Stage } from './stage.js';
import type { Event } from './write-scenario.js';
import type { WriteVariant } from './write-variants.js';
import { times } from '../../world/times.js';

/** Lets each step wait for its turn. */
type Turns = Pick<Stage, 'pass'>;

/** Turns that never wait, so nothing comes between two steps. */
export const atOnce: Turns = { pass: async () => {} };

type Job = ApplyJob['data'] | EraseJob['data'];

const same = <T>(part: T): T => part;

/** Accounts of all runs, because the number of an account is unique. */
let accounts = 0;

const hourUs = 3_600_000_000;
const endOfTime = new Date(8.64e15);

/** One account, and the work of Keybin's processes on it, in steps. */
export class WriteWorld {
  /** True once the account's user document is deleted. */
  isGone = false;
  readonly #username = `user-${randomUUID()}`;
  readonly #heirId = randomUUID();
  readonly #commits;
  readonly #erasures;
  #passes = 0;

  private constructor(
    private readonly partition: Partition,
    private readonly turns: Turns,
    private readonly variant: WriteVariant,
    readonly user: Bearer,
  ) {
    const commits = () => partition.staged.commits(undefined, variant.acceptScript);
    this.#commits = [commits(), commits()] as const;
    this.#erasures = new ErasureRecords(partition.database);
  }

  /** `clockIsAhead` sets the clock of versions ahead of the clock that a Redis without data starts with. */
  static async open(
    partition: Partition,
    turns: Turns,
    variant: WriteVariant,
    clockIsAhead: boolean,
  ): Promise<WriteWorld> {
    const { staged, database } = partition;
    await staged.redis.flushdb();
    await database.erasures.deleteMany({});
    if (clockIsAhead) await staged.redis.set(clockKey(staged.prefix), String(staged.connection.timeUs + hourUs));
    const world = new WriteWorld(partition, turns, variant, await partition.account());
    await world.#insertUser(world.user.userId);
    return world;
  }

  /** Returns the entries as one of two API processes serves them. */
  entries(process: 0 | 1, turns = this.turns): ScaleOutEntries {
    const { staged, database } = this.partition;
    const bearers = { resolve: () => this.user, verify: () => this.#verify() };
    const stored = new StoredEntries(database);
    const finding = gated(stored, ['find', 'findNewer', 'notYetStored'], turns);
    const reads = (this.variant.reads ?? same)({
      pending: gated(new PendingReads(0, staged.connection), ['read', 'keys'], turns),
      stored: {
        find: (...asked) => finding.find(...asked),
        findNewer: (...asked) => finding.findNewer(...asked),
        notYetStored: (...asked) => finding.notYetStored(...asked),
        async *keys(userId, deadlineMs) {
          await turns.pass('stored keys');
          yield* stored.keys(userId, deadlineMs);
        },
      },
    });
    const commits = gated(this.#commits[process], ['accept'], turns);
    const steps = new TokenCheckedSteps(
      gated(bearers, ['verify'], turns),
      [{ commits, entries: reads.pending }],
      times,
    );
    return new ScaleOutEntries(steps, reads.stored);
  }

  async #verify(): Promise<void> {
    if (this.isGone) throw invalidToken();
    await this.partition.staged.giveRecord(this.user);
  }

  worker(turns = this.turns): Applier {
    const { staged, database, steps } = this.partition;
    const { write, settleScript } = this.variant;
    const settle = settleBy(staged.connection, staged.prefix, { script: settleScript });
    const own = { ...steps, settle, write: write?.(database) ?? steps.write };
    return this.partition.applier(gated(own, ['read', 'write', 'settle'], turns));
  }

  /** Deletes the account as an API does and erases it as a worker does. Meanwhile another account takes the name. */
  async unregister(): Promise<void> {
    const { staged, database } = this.partition;
    const put = async (userId: string, now: Date) => {
      if (this.variant.erasuresAreRecorded !== false) await this.#erasures.put(userId, now);
    };
    await unregister({ ...this.user, username: 'ada' }, new Date(), {
      marks: gated(new RedisAccountMarks(only(staged.connection), times), ['close'], this.turns),
      erasures: gated({ put }, ['put'], this.turns),
      deleteUser: async (userId) => {
        await this.turns.pass('deleteUser');
        this.isGone = true;
        await database.users.deleteOne({ user_id: userId });
      },
      queueOf: () => gated(staged.queue, ['addTo'], this.turns),
    });
  }

  async erase(): Promise<void> {
    const { database } = this.partition;
    await this.turns.pass('heir');
    await this.#insertUser(this.#heirId);
    await this.turns.pass('erase');
    if ((await this.#jobs()).some((job) => 'userId' in job)) await this.#eraseDocuments(this.user.userId);
    if (this.variant.erasesByName) await database.users.deleteOne({ username: this.#username });
    await this.turns.pass('first pass');
    await this.#pass();
    await this.turns.pass('second pass');
    await this.#pass();
  }

  /** Runs the next pass of the erasure. Returns false if none is left. */
  async #pass(): Promise<boolean> {
    const [next] = await this.#erasures.due(endOfTime, 1);
    if (!next) return false;
    this.#passes++;
    const isLast = this.#passes === this.variant.passes;
    await repeatErasures(next.due_at, {
      records: {
        due: (now, limit) => this.#erasures.due(now, limit),
        remove: (userId) => this.#erasures.remove(userId),
        passed: (userId, due) => (isLast ? this.#erasures.remove(userId) : this.#erasures.passed(userId, due)),
      },
      marks: new RedisAccountMarks(only(this.partition.staged.connection), times),
      eraseDocuments: (userId) => this.#eraseDocuments(userId),
      times,
    });
    return true;
  }

  #eraseDocuments(userId: string): Promise<void> {
    return eraseDocuments(this.partition.database, only(this.partition.staged.connection), userId);
  }

  async happen(event: Event): Promise<void> {
    const { staged, database } = this.partition;
    await this.turns.pass(event);
    switch (event) {
      case 'jobs are lost':
        await staged.redis.del(staged.queue.waitKey);
        return;
      case 'Redis is lost':
        await this.#loseRedis();
        return;
      case 'tombstones are tidied away': {
        const indexed = (await database.store.indexes()).find(({ key }) => 'deleted_at' in key);
        const seconds = this.variant.tombstoneSeconds ?? Number(indexed?.expireAfterSeconds);
        await database.store.deleteMany({ deleted_at: { $lte: new Date(Date.now() - seconds * 1_000) } });
      }
    }
  }

  /**
   * Empties Redis and begins the next epoch, in one step: in between nothing is accepted. Another process has begun
   * it, so its number is larger than any that this one knows.
   */
  async #loseRedis(): Promise<void> {
    const { redis, prefix, connection } = this.partition.staged;
    const key = epochKey(prefix);
    const server = String(await redis.hget(key, 'server'));
    const number = formatEpoch(connection.epochOf(0) + 1);
    await redis.multi().flushdb().hset(key, { server, number, clock: 0 }).exec();
  }

  /** Runs all background work to its end, with no clients left. */
  async comeToRest(): Promise<void> {
    const { staged } = this.partition;
    const worker = this.worker(atOnce);
    for (const job of await this.#jobs()) {
      if ('entries' in job) await worker.apply(job.entries);
    }
    if (this.variant.sweeps !== false) {
      await sweepEntries({
        redis: staged.connection,
        prefix: staged.prefix,
        apply: (names) => worker.apply(names),
        overdue: new Overdue(0),
        batchEntries: 500,
        log: silent,
      });
    }
    while (await this.#pass());
  }

  /** Returns leftovers that should not exist once all is at rest, one per line. */
  async leftovers(): Promise<string[]> {
    const { users, store } = this.partition.database;
    const { userId } = this.user;
    const pending = await this.partition.pendingCount(this.user);
    const stored = await store.countDocuments({ _id: { $regex: `^${userId}/` } });
    const heirs = await users.countDocuments({ user_id: this.#heirId });
    const wrong = pending > 0 ? [`${pending} entries are pending`] : [];
    if (this.isGone && stored > 0) wrong.push(`${stored} entries of an erased account are stored`);
    if (this.isGone && heirs === 0) wrong.push('an account that has taken the name is gone');
    return wrong;
  }

  async #jobs(): Promise<Job[]> {
    return (await this.partition.staged.jobs()) as Job[]; // partition-queue.ts adds these
  }

  async #insertUser(userId: string): Promise<void> {
    const rest = { password: '', created_at: new Date(), number: accounts++ };
    const user = { _id: new ObjectId(), user_id: userId, username: this.#username, ...rest };
    await this.partition.database.users.insertOne(user);
  }
}
