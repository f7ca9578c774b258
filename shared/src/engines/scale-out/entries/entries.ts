import { keyNotFound } from '../../../errors.js';
import type { Entries } from '../../../ports/engine.js';
import type { TokenCheckedSteps, CommittingPartition } from './token-checked-steps.js';
import type { Bearer } from '../tokens/bearer.js';
import type { PendingReads, PendingKeys } from './pending-reads.js';
import type { StoredEntries } from './stored-entries.js';

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
  constructor(
    private readonly steps: TokenCheckedSteps<EntriesPartition>,
    private readonly stored: Pick<StoredEntries, 'find' | 'findNewer' | 'notYetStored' | 'keys'>,
  ) {}

  async get(token: string, key: string): Promise<string> {
    const { bearer, deadlineMs } = await this.steps.begin(token);
    const json = await this.find(bearer, key, deadlineMs);
    if (json === undefined) throw keyNotFound(key);
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

  async keys(token: string): Promise<string[]> {
    const { bearer, deadlineMs } = await this.steps.begin(token);
    const listed = await this.steps.read(bearer, ({ entries }, verified) => entries.keys(bearer, verified), deadlineMs);
    const pending = { put: [...listed.put], deleted: [...listed.deleted] };
    for (const { key, isDelete } of await this.stored.notYetStored(bearer.userId, listed.old, deadlineMs)) {
      (isDelete ? pending.deleted : pending.put).push(key);
    }
    const stored = []; // read last, so it has what was found to be newer
    for await (const page of this.stored.keys(bearer.userId, deadlineMs)) stored.push(page);
    return mergeKeys(stored.flat(), pending);
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

/** Merges pending changes into the stored keys. Both `stored` and the result are in code-unit order. */
export function mergeKeys(stored: readonly string[], { put, deleted }: PendingKeys): string[] {
  const gone = new Set(deleted);
  const added = [...put].sort();
  const merged: string[] = [];
  let next = 0;
  for (const key of stored) {
    for (let other = added[next]; other !== undefined && other <= key; other = added[++next]) {
      if (other < key) merged.push(other);
    }
    if (!gone.has(key)) merged.push(key);
  }
  return merged.concat(added.slice(next));
}
