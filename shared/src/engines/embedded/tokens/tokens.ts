import { invalidCredentials, KeybinError } from '../../../errors.js';
import type { NewToken, Tokens } from '../../../ports/engine.js';
import { findAccountById } from '../lmdb/find-account.js';
import { findBearerIn, removeToken } from './bearers.js';
import type { Databases } from '../lmdb/databases.js';
import type { Reads } from '../transactions/reads.js';
import {
  restOfRecord,
  hashClient,
  hashToken,
  printMs,
  printToken,
  rangeOfRecords,
  recordKey,
} from '../lmdb/records.js';
import type { StepContext } from '../transactions/step.js';
import type { EmbeddedGroupCommit } from '../transactions/group-commit.js';

/** Keeps tokens in LMDB: found by their hash, one for each client of an account. */
export function embeddedTokens(
  databases: Databases,
  reads: Reads,
  writes: EmbeddedGroupCommit,
  clientsPerAccount: number,
): Tokens {
  const findBearer = findBearerIn(databases);

  return {
    async issue(token) {
      await writes.apply((moment) => issueIn(databases, token, clientsPerAccount, moment));
    },

    async check(token) {
      const tokenHash = hashToken(token);
      const { userId } = await reads.ask(() => findBearer(tokenHash, Date.now()));
      return userId;
    },

    async revoke(token) {
      const tokenHash = hashToken(token);
      await writes.apply(({ nowMs }) => {
        const bearer = findBearer(tokenHash, nowMs);
        if (!(bearer instanceof KeybinError)) removeToken(databases, tokenHash);
        return bearer;
      });
    },
  };
}

function issueIn(
  databases: Databases,
  { userId, generation = 0, clientId, token, lifetimeSeconds }: NewToken,
  clientsPerAccount: number,
  moment: StepContext,
): KeybinError | undefined {
  const { tokens, clients, expiries } = databases;
  const account = findAccountById(databases, userId);
  if (account?.generation !== generation) return invalidCredentials();
  const number = String(account.number);
  const client = hashClient(clientId);
  makeRoom(databases, { userId, client, clientsPerAccount, nowMs: moment.nowMs });
  const tokenHash = hashToken(token);
  const expiresAtMs = moment.nowMs + lifetimeSeconds * 1_000;
  void tokens.put(tokenHash, printToken({ userId, client, number }, expiresAtMs));
  void clients.put(recordKey(userId, client), moment.version() + tokenHash);
  void expiries.put(`${printMs(expiresAtMs)}/${tokenHash}`, '');
  return undefined;
}

interface Room {
  readonly userId: string;
  readonly client: string;
  readonly clientsPerAccount: number;
  readonly nowMs: number;
}

/**
 * Removes the client's earlier token. If the account has too many clients, removes expired tokens, then those that were
 * issued first.
 */
function makeRoom(databases: Databases, { userId, client, clientsPerAccount, nowMs }: Room): void {
  const findBearer = findBearerIn(databases);
  const isExpired = (record: string) => findBearer(restOfRecord(record), nowMs) instanceof KeybinError;
  const issued = Array.from(databases.clients.getRange(rangeOfRecords(userId)));
  const own = recordKey(userId, client);
  const earlier = issued.filter(({ key }) => key === own);
  const others = issued.filter(({ key }) => key !== own).map(({ value }) => value);
  const surplus = Math.max(others.length + 1 - clientsPerAccount, 0);
  const byAge = others.sort(); // a record begins with the version of its issue
  const leaving = surplus > 0 ? [...new Set([...byAge.filter(isExpired), ...byAge])].slice(0, surplus) : [];
  for (const record of [...earlier.map(({ value }) => value), ...leaving]) removeToken(databases, restOfRecord(record));
}
