import { invalidCredentials, KeybinError } from '../../errors.js';
import type { NewToken, Tokens } from '../../ports.js';
import { accountWithId } from './accounts.js';
import { findBearerIn, removeToken } from './bearers.js';
import type { Databases } from './environment.js';
import type { Reads } from './reads.js';
import { afterVersion, clientOf, hashOf, printMs, printToken, rangeOf, recordKey } from './records.js';
import type { Moment } from './step.js';
import type { Writes } from './writes.js';

/** Tokens in LMDB: found by their hash, one for each client of an account. */
export function lmdbTokens(databases: Databases, reads: Reads, writes: Writes, clientsPerAccount: number): Tokens {
  const findBearer = findBearerIn(databases);

  return {
    async issue(token) {
      await writes.apply((moment) => issueIn(databases, token, clientsPerAccount, moment));
    },

    async check(token) {
      const tokenHash = hashOf(token);
      const { userId } = await reads.ask(() => findBearer(tokenHash, Date.now()));
      return userId;
    },

    async revoke(token) {
      const tokenHash = hashOf(token);
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
  moment: Moment,
): KeybinError | undefined {
  const { tokens, clients, expiries } = databases;
  const account = accountWithId(databases, userId);
  if (account?.generation !== generation) return invalidCredentials();
  const number = String(account.number);
  const client = clientOf(clientId);
  makeRoom(databases, userId, client, clientsPerAccount);
  const tokenHash = hashOf(token);
  const expiresAtMs = moment.nowMs + lifetimeSeconds * 1_000;
  void tokens.put(tokenHash, printToken({ userId, client, number }, expiresAtMs));
  void clients.put(recordKey(userId, client), moment.version() + tokenHash);
  void expiries.put(`${printMs(expiresAtMs)}/${tokenHash}`, '');
  return undefined;
}

/** Removes the client's earlier token, and of too many clients those whose tokens were issued first. */
function makeRoom(databases: Databases, userId: string, client: string, clientsPerAccount: number): void {
  const issued = Array.from(databases.clients.getRange(rangeOf(userId)));
  const own = recordKey(userId, client);
  const earlier = issued.filter(({ key }) => key === own);
  const others = issued.filter(({ key }) => key !== own).map(({ value }) => value);
  const surplus = Math.max(others.length + 1 - clientsPerAccount, 0);
  const oldest = others.sort().slice(0, surplus); // a record begins with the version of its issue
  for (const record of [...earlier.map(({ value }) => value), ...oldest]) removeToken(databases, afterVersion(record));
}
