import { invalidToken, type KeybinError } from '../../../errors.js';
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
 * Whom the token with this hash stands for at `nowMs`, or `invalid_token`. A token's record goes in the same transaction as its
 * account, so a live one says that the account is there.
 */
export type FindBearer = (tokenHash: string, nowMs: number) => Bearer | KeybinError;

export const findBearerIn =
  ({ tokens }: Databases): FindBearer =>
  (tokenHash, nowMs) => {
    const record = tokens.get(tokenHash);
    return (record === undefined ? undefined : liveBearer(record, nowMs)) ?? invalidToken();
  };

/**
 * The same for looks at one snapshot, which is there to be told from others; undefined: there is none. A token is looked for once when it
 * comes again in the same snapshot and millisecond: much of what comes in a turn is one client's, and this takes a twentieth of its time.
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

/** Removes every trace of every token of the account. Inside a transaction. */
export function removeTokensOf(databases: Databases, userId: string): void {
  const issued = Array.from(databases.clients.getRange(rangeOfRecords(userId)), ({ value }) => restOfRecord(value));
  for (const tokenHash of issued) removeToken(databases, tokenHash);
}

/** Removes every trace of the token with this hash. Inside a transaction. */
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
