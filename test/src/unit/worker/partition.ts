import { RejectedWrites } from '@keybin/shared/engines/scale-out/queue/rejected-writes.js';
import type { Bearer } from '@keybin/shared/engines/scale-out/tokens/bearer.js';
import { openDatabase, type Database } from '@keybin/shared/engines/scale-out/mongodb/database.js';
import { queueIdOf } from '@keybin/shared/engines/scale-out/ownership/queue-id.js';
import type { StoreDocument } from '@keybin/shared/engines/scale-out/mongodb/documents.js';
import { pendingKey, waitingKey } from '@keybin/shared/engines/scale-out/redis/keys.js';
import { Applier, type ApplySteps } from '@keybin/worker/apply/applier.js';
import { writeEntriesTo } from '@keybin/worker/apply/write-entries.js';
import type { RetryOptions } from '@keybin/worker/apply/retry.js';
import { readPending } from '@keybin/worker/apply/read-pending.js';
import { settleBy } from '@keybin/worker/apply/settle.js';
import { Staged, newBearer, silent } from '../../world/scale-out/staged.js';
import { services, type Services } from '../../world/services/services.js';
import { storePlace } from '../../world/services/store-settings.js';
import { times } from '../../world/times.js';

/** Partition 0 of a Redis and a MongoDB, with the API's writes and each step of the worker. */
export class Partition {
  readonly #commit;

  private constructor(
    readonly staged: Staged,
    readonly database: Database,
  ) {
    this.#commit = staged.commits();
  }

  static async open(place: Services): Promise<Partition> {
    const database = await openDatabase(storePlace(place), times.batchMs);
    return new Partition(await Staged.open(place.redisUrl, 0, await queueIdOf(database)), database);
  }

  async close(): Promise<void> {
    await this.staged.close();
    await this.database.close();
  }

  /** Returns the steps with which the product applies entries. */
  get steps(): ApplySteps {
    const { connection, prefix } = this.staged;
    return {
      read: (names) => readPending(connection, prefix, names),
      write: writeEntriesTo(this.database.store, times.batchMs),
      settle: settleBy(connection, prefix),
      reject: (entry, reason) => this.rejectedWrites.reject(entry, reason, (job) => this.staged.queue.add(job)),
    };
  }

  /** Number of the current epoch. */
  get epoch(): number {
    return this.staged.connection.epochOf(0);
  }

  get rejectedWrites(): RejectedWrites {
    return new RejectedWrites(this.staged.connection, this.staged.prefix);
  }

  get patience(): RetryOptions {
    return { log: silent, closing: new AbortController().signal, graceMs: 1_000 };
  }

  /** Returns a worker's applier with some of its steps replaced. */
  applier(replaced: Partial<ApplySteps> = {}, batchMs = times.batchMs): Applier {
    return new Applier({ ...this.steps, ...replaced }, this.patience, { batchMs });
  }

  /** Creates an account with a live token. */
  async account(): Promise<Bearer> {
    const bearer = newBearer();
    await this.staged.giveRecord(bearer);
    return bearer;
  }

  /** Accepts a write as the API does. `undefined` deletes. */
  async stage(bearer: Bearer, key: string, json: string | undefined): Promise<void> {
    const write = { bearer, key, deadlineMs: performance.now() + 5_000 };
    let answer = await this.#commit.accept({ ...write, change: json === undefined ? 'D' : `P${json}` });
    if (typeof answer === 'object') answer = await this.#commit.accept({ ...write, change: `F${answer.state}` });
    if (answer !== 'accepted') throw new Error(`The write was answered ${JSON.stringify(answer)}`);
  }

  /** Accepts a write while no worker runs. Returns its version. */
  async stageVersion(bearer: Bearer, key: string, json: string | undefined): Promise<number> {
    await this.stage(bearer, key, json);
    const pending = await this.staged.pending(bearer, key);
    if (!pending) throw new Error('The write is not pending');
    return pending.version;
  }

  async apply({ userId }: Bearer, ...keys: string[]): Promise<void> {
    await this.applier().apply([[userId, keys]]);
  }

  stored({ userId }: Bearer, key: string): Promise<StoreDocument | null> {
    return this.database.store.findOne({ _id: `${userId}/${key}` });
  }

  /** Returns the value that a reader sees: the pending entry's, else the database's. */
  async shown(bearer: Bearer, key: string): Promise<string | undefined> {
    const pending = await this.staged.pending(bearer, key);
    return pending ? pending.json : (await this.stored(bearer, key))?.value;
  }

  /** Returns the version since which the entry has waited. */
  async waitsSince({ userId }: Bearer, key: string): Promise<number | undefined> {
    const score = await this.staged.redis.zscore(waitingKey(this.staged.prefix), `${userId}/${key}`);
    return score === null ? undefined : Number(score);
  }

  async pendingCount({ userId }: Bearer): Promise<number> {
    return this.staged.redis.hlen(pendingKey(this.staged.prefix, userId));
  }
}

/**
 * Gives the surrounding suite an account with a live token, and its partition. The partition is emptied before each
 * test.
 */
export function freshPartition(): { readonly partition: Partition; readonly user: Bearer } {
  // registered first, so that it runs before the servers are stopped
  after('end of the partition', () => fresh.partition?.close());
  const world = services();
  const fresh: { partition?: Partition; user?: Bearer } = {};

  before('a partition', async () => {
    fresh.partition = await Partition.open(world);
  });

  beforeEach('an empty partition with an account', async () => {
    await given.partition.staged.redis.flushdb();
    fresh.user = await given.partition.account();
  });

  const given = {
    get partition() {
      if (!fresh.partition) throw new Error('The partition was asked for before it was opened');
      return fresh.partition;
    },
    get user() {
      if (!fresh.user) throw new Error('The account was asked for before it was made');
      return fresh.user;
    },
  };
  return given;
}
