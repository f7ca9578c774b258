import { setTimeout as sleep } from 'node:timers/promises';
import { deadlineIn, withDeadline } from '../../../deadline.js';
import { invalidCredentials, invalidToken, unavailable } from '../../../errors.js';
import type { NewToken, Tokens } from '../../../ports/engine.js';
import type { TimeBudget } from '../../../time-budget.js';
import type { Bearer, Bearers } from './bearer.js';
import { isErrorBeforeWrite } from '../mongodb/errors.js';
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
  readonly times: Pick<TimeBudget, 'answerMs'>;
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
 * - The user document is read between lease and fill: an account that is erased or disabled after that deletes the record, or
 *   the lease. A token counts in the generation of its account in which it was issued; disabling begins another one.
 * - A document replaces only one that was issued before it: an issue that was given up can reach MongoDB late, when its lease
 *   has run out and another one was answered.
 * - A lease is given back when MongoDB's answer is known. After a write whose outcome is not known it stays, until it runs
 *   out: the write may still happen.
 * - Any step may be late, repeated or the last: fills need their own lease, deletes only send the next check to MongoDB.
 *
 * `test/model/token-protocol.mjs` has this with all interleavings and faults.
 */
export class ScaleOutTokens implements Tokens, Bearers {
  readonly #index: TokenIndex;
  readonly #records: TokenRecords;
  readonly #documents: TokenDocuments;
  readonly #clientsPerAccount: number;
  readonly #answerMs: number;

  constructor({ index, records, documents, clientsPerAccount, times }: TokenParts) {
    this.#index = index;
    this.#records = records;
    this.#documents = documents;
    this.#clientsPerAccount = clientsPerAccount;
    this.#answerMs = times.answerMs;
  }

  resolve(token: string): Bearer | Promise<Bearer> {
    return this.#index.resolve(token);
  }

  verify(bearer: Bearer): Promise<void> {
    return withDeadline(this.#verify(bearer), this.#answerMs, 'checking a token');
  }

  check(token: string): Promise<string> {
    return withDeadline(this.#check(token), this.#answerMs, 'checking a token');
  }

  issue(token: NewToken): Promise<void> {
    return withDeadline(this.#issue(token), this.#answerMs, 'issuing a token');
  }

  revoke(token: string): Promise<void> {
    return withDeadline(this.#revoke(token), this.#answerMs, 'revoking a token');
  }

  async #check(token: string): Promise<string> {
    const bearer = await this.#index.resolve(token);
    await this.#verify(bearer);
    return bearer.userId;
  }

  async #verify(bearer: Bearer): Promise<void> {
    const lease = await this.#records.check(bearer);
    if (lease.outcome === 'live') return;
    if (lease.outcome === 'refused') throw invalidToken();
    const expiresUs = await this.#ask(bearer, lease, () => this.#verifyStored(bearer, lease.timeUs));
    if (lease.outcome !== 'leased') return;
    // A token that was verified is live, whether or not Redis has room for its record
    await this.#records.fill(bearer, lease, expiresUs, 'keep').catch(() => this.#giveBack(bearer, lease));
  }

  /** Resolves with the expiry of a token that is live by MongoDB. */
  async #verifyStored({ userId, client, tokenHash }: Bearer, nowUs: number): Promise<number> {
    const stored = await this.#documents.find(userId, client);
    if (stored?.hash !== tokenHash) throw invalidToken();
    const expiresUs = expiryUs(stored);
    if (expiresUs <= nowUs) throw invalidToken();
    if (!(await this.#documents.userExists(userId, stored.generation))) throw invalidToken();
    return expiresUs;
  }

  async #issue({ userId, generation, clientId, token, lifetimeSeconds }: NewToken): Promise<void> {
    const bearer = this.#index.bearer(hashToken(token), userId, hashClient(clientId));
    const lease = await this.#leaseToChange(bearer, 'issue');
    if (lease.outcome === 'marked') {
      throw (await this.#documents.userExists(userId, generation)) ? unavailable() : invalidCredentials();
    }
    const earlier = await this.#ask(bearer, lease, () => this.#documents.find(userId, bearer.client));
    const stored = storedToken(bearer, lease.timeUs, lifetimeSeconds, generation, earlier);
    await this.#change(bearer, lease, () => this.#documents.replace(stored));
    await this.#ask(bearer, lease, async () => {
      if (!(await this.#documents.userExists(userId, generation))) throw invalidCredentials();
      await this.#index.put(bearer, stored.expires_at);
    });
    await this.#records.fill(bearer, lease, expiryUs(stored), 'delete');
    if (earlier) await this.#index.forget(earlier.hash);
    else await this.#makeRoom(userId, new Date(lease.timeUs / 1_000));
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
    await this.#index.forget(bearer.tokenHash);
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
    const giveUpAt = deadlineIn(this.#answerMs);
    for (;;) {
      const lease = await this.#records.lease(client, kind);
      if (lease.outcome !== 'held') return lease;
      if (performance.now() > giveUpAt) throw unavailable(new Error('another change of this token is under way'));
      await sleep(leasePollMs);
    }
  }

  /** Runs what changes no document under the lease, and gives it back after a refusal or failure. */
  async #ask<T>(client: Client, lease: Lease, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      await this.#giveBack(client, lease);
      throw error;
    }
  }

  /** Runs a write under the lease, which stays after a failure that leaves open whether the write is done. */
  async #change<T>(client: Client, lease: Lease, write: () => Promise<T>): Promise<T> {
    try {
      return await write();
    } catch (error) {
      if (isErrorBeforeWrite(error)) await this.#giveBack(client, lease);
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

/** Issued after the client's earlier token, even if the clock was set back in between. */
function storedToken(
  { userId, client, tokenHash }: Bearer,
  nowUs: number,
  lifetimeSeconds: number,
  generation: number | undefined,
  earlier: StoredToken | undefined,
): StoredToken {
  const nowMs = Math.floor(nowUs / 1_000);
  return {
    user_id: userId,
    client,
    hash: tokenHash,
    issued_at: new Date(earlier ? Math.max(nowMs, earlier.issued_at.getTime() + 1) : nowMs),
    expires_at: new Date(nowMs + lifetimeSeconds * 1_000),
    ...(generation && { generation }),
  };
}
