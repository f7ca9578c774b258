import { ByteShares } from '../../../batching/byte-shares.js';
import { keyNotFound } from '../../../errors.js';
import type { Entries, KeyList, KeyListOptions, OnStale, OnValue } from '../../../ports/engine.js';
import { beginKeyList, noReader } from '../../../ports/key-list.js';
import type { TokenCheckedSteps, CommittingPartition } from './token-checked-steps.js';
import type { Bearer } from '../tokens/bearer.js';
import { PendingKeyList } from './pending-key-list.js';
import type { PendingPosition, PendingReads } from './pending-reads.js';
import type { StoredEntries } from './stored-entries.js';

/** Most bytes of pending keys in memory for lists. One account may list some 300,000 pending keys of 50 bytes. */
const pendingKeyBytes = 64 * 1_024 * 1_024;

/** Parts of one partition that entries need. */
export interface EntriesPartition extends CommittingPartition {
  readonly entries: Pick<PendingReads, 'read' | 'keys'>;
}

/**
 * Entries of the scale-out engine. A write is acknowledged once Redis has it, and a worker applies it to MongoDB. So a
 * read looks at pending entries first and at MongoDB afterwards. In another order, or side by side, both looks could
 * miss an entry that is applied between them.
 */
export class ScaleOutEntries implements Entries {
  readonly #pendingKeyBytes = new ByteShares(pendingKeyBytes, 'keys of pending writes in lists');

  constructor(
    private readonly steps: TokenCheckedSteps<EntriesPartition>,
    private readonly stored: Pick<StoredEntries, 'find' | 'findNewer' | 'notYetStored' | 'keys'>,
  ) {}

  async get(token: string, key: string, _onStale?: OnStale, onValue?: OnValue): Promise<string> {
    const { bearer, deadlineMs } = await this.steps.begin(token);
    const json = await this.find(bearer, key, deadlineMs);
    if (json === undefined) throw keyNotFound(key);
    const refused = onValue?.(bearer.userId, json.length);
    if (refused) throw refused;
    return json;
  }

  /** Resolves with the newest value of an entry, or with `undefined`. Throws `invalid_token` or `unavailable`. */
  async find(bearer: Bearer, key: string, deadlineMs: number): Promise<string | undefined> {
    const { userId } = bearer;
    const pending = await this.steps.read(
      bearer,
      ({ entries }, verified) => entries.read(bearer, key, verified),
      deadlineMs,
    );
    if (typeof pending !== 'object') return this.stored.find(userId, key, deadlineMs);
    return pending.mayBeOld ? this.stored.findNewer({ userId, key }, pending, deadlineMs) : pending.json;
  }

  async keys(token: string, { signal }: Pick<KeyListOptions, 'signal'>): Promise<KeyList> {
    const { bearer, deadlineMs } = await this.steps.begin(token);
    const pending = await this.#pendingKeys(bearer, signal, deadlineMs);
    const stored = this.stored.keys(bearer.userId, deadlineMs);
    return beginKeyList(bearer.userId, this.#pages(token, pending, stored, signal));
  }

  /** Lists the keys of all pending entries that MongoDB does not have yet. */
  async #pendingKeys(bearer: Bearer, signal: AbortSignal, deadlineMs: number): Promise<PendingKeyList> {
    const hold = this.#keysHeldUntil(signal, bearer.userId);
    const pending = new PendingKeyList();
    let from: PendingPosition | undefined;
    do {
      const { next, put, deleted, old } = await this.steps.read(
        bearer,
        ({ entries }, verified) => entries.keys(bearer, verified, from),
        deadlineMs,
      );
      const own = await this.stored.notYetStored(bearer.userId, old, deadlineMs);
      const keysOf = (isDelete: boolean) => own.filter((head) => head.isDelete === isDelete).map(({ key }) => key);
      const some = { put: put.concat(keysOf(false)), deleted: deleted.concat(keysOf(true)) };
      hold(lengthOf(some.put) + lengthOf(some.deleted));
      pending.add(some);
      from = next;
    } while (from !== undefined);
    return pending;
  }

  /** Returns a function that counts bytes of keys which a list holds until `signal` aborts. It throws `unavailable`. */
  #keysHeldUntil(signal: AbortSignal, userId: string): (bytes: number) => void {
    let held = 0;
    signal.addEventListener('abort', () => this.#pendingKeyBytes.giveBack(userId, held));
    return (bytes) => {
      const refused = signal.aborted ? noReader() : this.#pendingKeyBytes.take(userId, bytes);
      if (refused) throw refused;
      held += bytes;
    };
  }

  /**
   * Reads stored keys after pending ones, which are among them once they are applied. Checks the token before each page
   * but the first, because its account may be erased meanwhile.
   */
  async *#pages(
    token: string,
    pending: PendingKeyList,
    stored: AsyncIterable<readonly string[]>,
    signal: AbortSignal,
  ): AsyncGenerator<readonly string[], void, undefined> {
    let isFirst = true;
    for await (const page of pending.merged(stored)) {
      if (signal.aborted) throw noReader();
      if (!isFirst) await this.#check(token);
      isFirst = false;
      yield page;
    }
  }

  async #check(token: string): Promise<void> {
    const { bearer, deadlineMs } = await this.steps.begin(token);
    await this.steps.read(bearer, ({ entries }, verified) => entries.read(bearer, '', verified), deadlineMs);
  }

  async put(token: string, key: string, json: string, request?: string): Promise<void> {
    const { bearer, deadlineMs } = await this.steps.begin(token);
    await this.steps.write(bearer, { key, change: `P${json}`, deadlineMs, request });
  }

  async delete(token: string, key: string, request?: string): Promise<void> {
    const { bearer, deadlineMs } = await this.steps.begin(token);
    let found = await this.steps.write(bearer, { key, change: 'D', deadlineMs, request });
    // Looks again if MongoDB may have changed meanwhile: of two deletes of one value, one finds nothing
    while (typeof found === 'object' && (await this.find(bearer, key, deadlineMs)) !== undefined) {
      const change = `F${found.state}`;
      found = await this.steps.write(bearer, { key, change, deadlineMs, request });
    }
    if (found !== 'accepted') throw keyNotFound(key);
  }
}

const lengthOf = (keys: readonly string[]) => keys.reduce((sum, { length }) => sum + length, 0);
