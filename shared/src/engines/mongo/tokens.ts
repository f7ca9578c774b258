import { setTimeout as sleep } from 'node:timers/promises';
import { answerTimeoutMs, withDeadline } from '../../deadline.js';
import { invalidCredentials, invalidToken, unavailable } from '../../errors.js';
import type { NewToken, Tokens } from '../../ports.js';
import type { Bearer, Bearers } from './bearer.js';
import { wasNotSent } from './outages.js';
import type { StoredToken, TokenDocuments } from './token-documents.js';
import { hashClient, hashToken, type TokenIndex } from './token-index.js';
import type { Client, Lease, TokenRecords } from './token-records.js';

/** Between two looks at the lease of another issue or logout, which is over within a few round trips. */
const leasePollMs = 15;

export interface TokenParts {
  readonly index: TokenIndex;
  readonly records: TokenRecords;
  readonly documents: TokenDocuments;
  /** Live tokens of an account; the oldest makes room for one more. */
  readonly clientsPerAccount: number;
}

/**
 * The token of one client of one account. MongoDB is the truth; Redis holds a record of it, written only by who holds the
 * lease in its place, so that nobody writes what was true before somebody else changed it.
 *
 *     none ──check──▶ lease (check) ──document, user: live──▶ record ──▶ none, when Redis is restarted or forgets it
 *                          │   └──refused──▶ none
 *                          ▼ taken over
 *     any ──issue, logout──▶ lease (issue, logout) ──document changed──▶ record (issue), none (logout)
 *
 * - A check that finds a record believes it: hash and expiry decide. Else it asks MongoDB, and fills if it got the lease.
 * - An issue or logout takes the lease before it changes the document: from then on checks ask MongoDB, and one that had read
 *   the document before can no longer fill. It waits for another issue or logout.
 * - An issue that has lost its lease (it ran out, or Redis lost it) deletes what is there: who filled it may have read the
 *   document before the change.
 * - The user document is read between lease and fill: an account that is erased after that deletes the record, or the lease.
 * - A lease is given back when MongoDB's answer is known. After a write whose outcome is not known it stays, until it runs
 *   out: the write may still happen.
 * - Any step may be late, repeated or the last: fills need their own lease, deletes only send the next check to MongoDB.
 *
 * `test/model/token-protocol.mjs` has this with all interleavings and faults.
 */
export class MongoTokens implements Tokens, Bearers {
  readonly #index: TokenIndex;
  readonly #records: TokenRecords;
  readonly #documents: TokenDocuments;
  readonly #clientsPerAccount: number;

  constructor({ index, records, documents, clientsPerAccount }: TokenParts) {
    this.#index = index;
    this.#records = records;
    this.#documents = documents;
    this.#clientsPerAccount = clientsPerAccount;
  }

  resolve(token: string): Bearer | Promise<Bearer> {
    return this.#index.resolve(token);
  }

  verify(bearer: Bearer): Promise<void> {
    return withDeadline(this.#verify(bearer), answerTimeoutMs, 'checking a token');
  }

  check(token: string): Promise<void> {
    return withDeadline(this.#check(token), answerTimeoutMs, 'checking a token');
  }

  issue(token: NewToken): Promise<void> {
    return withDeadline(this.#issue(token), answerTimeoutMs, 'issuing a token');
  }

  revoke(token: string): Promise<void> {
    return withDeadline(this.#revoke(token), answerTimeoutMs, 'revoking a token');
  }

  async #check(token: string): Promise<void> {
    await this.#verify(await this.#index.resolve(token));
  }

  async #verify(bearer: Bearer): Promise<void> {
    const lease = await this.#records.check(bearer);
    if (lease.outcome === 'live') return;
    if (lease.outcome === 'refused') throw invalidToken();
    let expiresUs: number;
    try {
      expiresUs = await this.#verifyStored(bearer, lease.timeUs);
    } catch (error) {
      await this.#giveBack(bearer, lease);
      throw error;
    }
    if (lease.outcome === 'leased') await this.#records.fill(bearer, lease, expiresUs, 'keep');
  }

  /** Resolves with the expiry of a token that is live by MongoDB. */
  async #verifyStored({ userId, client, tokenHash }: Bearer, nowUs: number): Promise<number> {
    const stored = await this.#documents.find(userId, client);
    if (stored?.hash !== tokenHash) throw invalidToken();
    const expiresUs = expiryUs(stored);
    if (expiresUs <= nowUs) throw invalidToken();
    if (!(await this.#documents.userExists(userId))) throw invalidToken();
    return expiresUs;
  }

  async #issue({ userId, clientId, token, lifetimeSeconds }: NewToken): Promise<void> {
    const bearer = this.#index.bearer(hashToken(token), userId, hashClient(clientId));
    const lease = await this.#leaseToChange(bearer, 'issue');
    if (lease.outcome === 'marked') {
      throw (await this.#documents.userExists(userId)) ? unavailable() : invalidCredentials();
    }
    const stored = storedToken(bearer, lease.timeUs, lifetimeSeconds);
    const isNewClient = await this.#change(bearer, lease, () => this.#documents.replace(stored));
    try {
      if (!(await this.#documents.userExists(userId))) throw invalidCredentials();
      await this.#index.put(bearer, stored.expires_at);
    } catch (error) {
      await this.#giveBack(bearer, lease);
      throw error;
    }
    await this.#records.fill(bearer, lease, expiryUs(stored), 'delete');
    if (isNewClient) await this.#makeRoom(userId, stored.issued_at);
  }

  async #revoke(token: string): Promise<void> {
    const bearer = await this.#index.resolve(token);
    await this.#verify(bearer);
    const lease = await this.#leaseToChange(bearer, 'logout');
    if (!(await this.#end(bearer, lease))) throw invalidToken();
  }

  /** Resolves with whether this token was still the client's. */
  async #end(bearer: Bearer, lease: Lease): Promise<boolean> {
    const ended = await this.#change(bearer, lease, () => this.#documents.remove(bearer));
    await this.#records.forget(bearer);
    return ended;
  }

  async #makeRoom(userId: string, now: Date): Promise<void> {
    for (const { client, hash } of await this.#documents.surplus(userId, this.#clientsPerAccount, now)) {
      const bearer = this.#index.bearer(hash, userId, client);
      const lease = await this.#records.lease(bearer, 'logout');
      // Whoever else changes this client's token ends it or makes it the newest
      if (lease.outcome === 'leased') await this.#end(bearer, lease);
    }
  }

  /** Waits for a change that is under way. Resolves with a lease of one's own, or `marked`. */
  async #leaseToChange(client: Client, kind: 'issue' | 'logout'): Promise<Lease> {
    const giveUpAt = performance.now() + answerTimeoutMs;
    for (;;) {
      const lease = await this.#records.lease(client, kind);
      if (lease.outcome !== 'held') return lease;
      if (performance.now() > giveUpAt) throw unavailable(new Error('another change of this token is under way'));
      await sleep(leasePollMs);
    }
  }

  /** Runs a write under the lease. */
  async #change(client: Client, lease: Lease, write: () => Promise<boolean>): Promise<boolean> {
    try {
      return await write();
    } catch (error) {
      if (wasNotSent(error)) await this.#giveBack(client, lease);
      throw error;
    }
  }

  /** One that cannot be given back runs out by itself. */
  async #giveBack(client: Client, lease: Lease): Promise<void> {
    if (lease.outcome === 'leased') await this.#records.release(client, lease).catch(() => {});
  }
}

/** Redis's time, like every time of a token; whole milliseconds, as MongoDB keeps them. */
const expiryUs = ({ expires_at }: Pick<StoredToken, 'expires_at'>): number => expires_at.getTime() * 1_000;

function storedToken({ userId, client, tokenHash }: Bearer, nowUs: number, lifetimeSeconds: number): StoredToken {
  const issuedAtMs = Math.floor(nowUs / 1_000);
  return {
    user_id: userId,
    client,
    hash: tokenHash,
    issued_at: new Date(issuedAtMs),
    expires_at: new Date(issuedAtMs + lifetimeSeconds * 1_000),
  };
}
