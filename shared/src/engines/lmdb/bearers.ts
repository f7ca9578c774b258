import { invalidToken, type KeybinError } from '../../errors.js';
import type { Databases } from './environment.js';
import { afterVersion, bearerIn, expiryIn, liveBearer, type Bearer } from './records.js';

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

/** Removes every trace of the token with this hash. Inside a transaction. */
export function removeToken({ tokens, clients, expiries }: Databases, tokenHash: string): void {
  const record = tokens.get(tokenHash);
  if (record === undefined) return;
  const { userId, client } = bearerIn(record);
  const current = clients.get(`${userId}/${client}`);
  if (current !== undefined && afterVersion(current) === tokenHash) void clients.remove(`${userId}/${client}`);
  void expiries.remove(`${expiryIn(record)}/${tokenHash}`);
  void tokens.remove(tokenHash);
}
