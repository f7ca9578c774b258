import { keyNotFound, KeybinError } from '../../../errors.js';
import type { Entries } from '../../../ports/engine.js';
import { beginKeyList, keysPerPage, noReader } from '../../../ports/key-list.js';
import { findBearerIn, oncePerSnapshot, type FindBearer } from '../tokens/bearers.js';
import type { Databases } from '../lmdb/databases.js';
import type { Reads } from '../transactions/reads.js';
import { restOfRecord, hashToken, rangeOfRecords, recordKey } from '../lmdb/records.js';
import type { EmbeddedGroupCommit } from '../transactions/group-commit.js';

/**
 * Keeps entries in LMDB. Every method checks the token in the same snapshot or transaction as the entry. Writes check
 * it in their step, because an erasure could overtake an earlier check.
 */
export function embeddedEntries(
  databases: Databases,
  reads: Reads,
  writes: EmbeddedGroupCommit,
  findBearer: FindBearer = findBearerIn(databases),
): Entries {
  const { entries } = databases;
  const findReader = oncePerSnapshot(findBearer);
  const findWriter = oncePerSnapshot(findBearer);

  return {
    get(token, key, _onStale, onValue) {
      const tokenHash = hashToken(token);
      return reads.ask(() => {
        const bearer = findReader(tokenHash, Date.now(), reads.snapshot);
        if (bearer instanceof KeybinError) return bearer;
        const record = entries.get(recordKey(bearer.number, key));
        if (record === undefined) return keyNotFound(key);
        reads.count(record);
        return onValue?.(bearer.userId, record.length) ?? restOfRecord(record);
      });
    },

    /** Lists keys page by page. Each page has a new snapshot and checks the token again. */
    async keys(token, { signal }) {
      const tokenHash = hashToken(token);
      const pageAfter = (after: string | undefined) =>
        reads.askLong(() => {
          if (signal.aborted) return noReader();
          const bearer = findBearer(tokenHash, Date.now());
          return bearer instanceof KeybinError
            ? bearer
            : { ...bearer, keys: keysAfter(databases, bearer.number, after) };
        });
      const first = await pageAfter(undefined);
      return beginKeyList(
        first.userId,
        (async function* () {
          for (let { keys } = first; keys.length > 0; { keys } = await pageAfter(keys.at(-1))) {
            yield keys;
            if (keys.length < keysPerPage) return;
          }
        })(),
      );
    },

    put(token, key, json) {
      const tokenHash = hashToken(token);
      return writes.put(({ nowMs, snapshot, version, count }) => {
        const bearer = findWriter(tokenHash, nowMs, snapshot);
        if (bearer instanceof KeybinError) return bearer;
        count();
        void entries.put(recordKey(bearer.number, key), version() + json);
        return undefined;
      });
    },

    delete(token, key) {
      const tokenHash = hashToken(token);
      return writes.apply(({ nowMs, count }) => {
        const bearer = findBearer(tokenHash, nowMs);
        if (bearer instanceof KeybinError) return bearer;
        if (!entries.doesExist(recordKey(bearer.number, key))) return keyNotFound(key);
        count();
        void entries.remove(recordKey(bearer.number, key));
        return undefined;
      });
    },
  };
}

function keysAfter({ entries }: Databases, number: string, after: string | undefined): string[] {
  const { start, end } = rangeOfRecords(number);
  const from = after === undefined ? { start } : { start: recordKey(number, after), exclusiveStart: true };
  const keys: string[] = [];
  for (const key of entries.getKeys({ ...from, end, limit: keysPerPage })) keys.push(key.slice(start.length));
  return keys;
}
