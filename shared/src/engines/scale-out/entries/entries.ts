import { keyNotFound } from '../../../errors.js';
import type { Entries } from '../../../ports/engine.js';
import type { TokenCheckedSteps, CommittingPartition } from './token-checked-steps.js';
import type { PendingReads, PendingKeys } from './pending-reads.js';
import type { StoredEntries } from './stored-entries.js';

/** What entries need of one partition's Redis keys. */
export interface EntriesPartition extends CommittingPartition {
  readonly entries: Pick<PendingReads, 'read' | 'keys'>;
}

/**
 * Entries of the scale-out engine. A write is answered when Redis has it; a worker brings it to MongoDB. Hence a read looks at
 * what is pending first and at MongoDB afterwards, one after the other: the other way round, or side by side, an entry that is
 * applied in between would be seen in neither.
 */
export class ScaleOutEntries implements Entries {
  constructor(
    private readonly steps: TokenCheckedSteps<EntriesPartition>,
    private readonly stored: Pick<StoredEntries, 'find' | 'keys'>,
  ) {}

  async get(token: string, key: string): Promise<string> {
    const deadlineMs = this.steps.deadline();
    const bearer = await this.steps.bearer(token, deadlineMs);
    const entry = await this.steps.read(
      bearer,
      ({ entries }, verified) => entries.read(bearer, key, verified),
      deadlineMs,
    );
    const json = typeof entry === 'object' ? entry.json : await this.stored.find(bearer.userId, key, deadlineMs);
    if (json === undefined) throw keyNotFound(key);
    return json;
  }

  async keys(token: string): Promise<string[]> {
    const deadlineMs = this.steps.deadline();
    const bearer = await this.steps.bearer(token, deadlineMs);
    const listed = await this.steps.read(bearer, ({ entries }, verified) => entries.keys(bearer, verified), deadlineMs);
    const stored = [];
    for await (const page of this.stored.keys(bearer.userId, deadlineMs)) stored.push(page);
    return mergeKeys(stored.flat(), listed);
  }

  async put(token: string, key: string, json: string, request?: string): Promise<void> {
    const deadlineMs = this.steps.deadline();
    const bearer = await this.steps.bearer(token, deadlineMs);
    await this.steps.write(bearer, { key, change: `P${json}`, deadlineMs, request });
  }

  async delete(token: string, key: string, request?: string): Promise<void> {
    const deadlineMs = this.steps.deadline();
    const bearer = await this.steps.bearer(token, deadlineMs);
    let found = await this.steps.write(bearer, { key, change: 'D', deadlineMs, request });
    // Again if another delete came to MongoDB meanwhile: of two deletes of one value one finds nothing
    while (typeof found === 'object' && (await this.stored.find(bearer.userId, key, deadlineMs)) !== undefined) {
      const change = `F${found.version}`;
      found = await this.steps.write(bearer, { key, change, deadlineMs, request });
    }
    if (found !== 'accepted') throw keyNotFound(key);
  }
}

/** All keys in code-unit order: the stored ones, which are in that order already, changed by what is pending. */
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
