import { expiredToken, invalidToken, type KeybinError } from '../../../errors.js';
import type { Databases } from '../lmdb/databases.js';
import {
  restOfRecord,
  bearerOfRecord,
  expiryOfRecord,
  liveBearer,
  rangeOfRecords,
  recordKey,
  type Bearer,
} from '../lmdb/records.js';

/**
 * Finds the bearer of the token with this hash at `nowMs`, or `invalid_token`. A token's record is removed in the same
 * transaction as its account, so a live token implies that the account exists.
 */
export type FindBearer = (tokenHash: string, nowMs: number) => Bearer | KeybinError;

export const findBearerIn =
  ({ tokens }: Databases): FindBearer =>
  (tokenHash, nowMs) => {
    const record = tokens.get(tokenHash);
    if (record === undefined) return invalidToken();
    return liveBearer(record, nowMs) ?? expiredToken();
  };

/**
 * Returns a function that remembers the last answer of `findBearer` for one snapshot and millisecond. Many requests of
 * one turn come from one client, and a remembered answer takes a twentieth of the time. `snapshot` only tells snapshots
 * apart; with `undefined` nothing is remembered.
 */
export function oncePerSnapshot(findBearer: FindBearer) {
  let last: { snapshot: unknown; nowMs: number; tokenHash: string; found: Bearer | KeybinError } | undefined;
  return (tokenHash: string, nowMs: number, snapshot: unknown): Bearer | KeybinError => {
    if (snapshot === undefined) return findBearer(tokenHash, nowMs);
    if (last?.tokenHash !== tokenHash || last.nowMs !== nowMs || last.snapshot !== snapshot) {
      last = { snapshot, nowMs, tokenHash, found: findBearer(tokenHash, nowMs) };
    }
    return last.found;
  };
}

/** Removes every trace of every token of the account. Runs inside a transaction. */
export function removeTokensOf(databases: Databases, userId: string): void {
  const issued = Array.from(databases.clients.getRange(rangeOfRecords(userId)), ({ value }) => restOfRecord(value));
  for (const tokenHash of issued) removeToken(databases, tokenHash);
}

/** Removes every trace of the token with this hash. Runs inside a transaction. */
export function removeToken({ tokens, clients, expiries }: Databases, tokenHash: string): void {
  const record = tokens.get(tokenHash);
  if (record === undefined) return;
  const { userId, client } = bearerOfRecord(record);
  const key = recordKey(userId, client);
  const current = clients.get(key);
  if (current !== undefined && restOfRecord(current) === tokenHash) void clients.remove(key);
  void expiries.remove(`${expiryOfRecord(record)}/${tokenHash}`);
  void tokens.remove(tokenHash);
}
