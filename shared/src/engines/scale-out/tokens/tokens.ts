import { setTimeout as sleep } from 'node:timers/promises';
import { deadlineIn, withDeadline } from '../../../deadline.js';
import { expiredToken, invalidCredentials, invalidToken, unavailable } from '../../../errors.js';
import type { NewToken, Tokens } from '../../../ports/engine.js';
import type { TimeBudget } from '../../../time-budget.js';
import type { Bearer, Bearers } from './bearer.js';
import { isErrorBeforeWrite } from '../mongodb/errors.js';
import type { StoredToken, TokenDocuments } from './token-documents.js';
import { hashClient, hashToken, type TokenIndex } from './token-index.js';
import type { Client, Lease, TokenRecords } from './token-records.js';

/** Pause between two tries for a lease that another issue or logout holds. That ends within a few round trips. */
const leasePollMs = 15;

export interface TokenParts {
  readonly index: TokenIndex;
  readonly records: TokenRecords;
  readonly documents: TokenDocuments;
  /** Maximum of live tokens of an account. The oldest makes room for one more. */
  readonly clientsPerAccount: number;
  readonly times: Pick<TimeBudget, 'answerMs'>;
}

/**
 * Tokens, one for each client of an account. MongoDB is the truth. Redis holds a record of a token, which only the
 * holder of the lease in its place may write. So no process writes a state that another one has changed since.
 *
 *     none ──check──▶ lease (check) ──document, user: live──▶ record ──▶ none, when Redis is restarted or forgets it
 *                          │   └──refused──▶ none
 *                          ▼ taken over
 *     any ──issue, logout──▶ lease (issue, logout) ──document changed──▶ record (issue), none (logout)
 *
 * - A check that finds a record trusts it: hash and expiry decide. Otherwise it asks MongoDB, and fills the record if
 *   it got the lease.
 * - An issue or logout takes the lease before it changes the document. From then on checks ask MongoDB, and a check
 *   that read the document earlier can no longer fill. It waits while another one holds the lease.
 * - An issue that has lost its lease (it expired, or Redis lost it) deletes what is there. Another process may have
 *   filled that from the document before the change.
 * - The user document is read between lease and fill. Erasing or disabling the account after that deletes the record,
 *   or the lease. A token counts only in the generation of its account in which it was issued. Disabling begins
 *   another one.
 * - A document replaces only one that was issued before it. An issue that was given up can reach MongoDB late, after
 *   its lease has expired and another issue was acknowledged.
 * - A lease is given back when MongoDB's answer is known. After a write with an unknown outcome it stays until it
 *   expires, because the write may still happen.
 * - Any step may be late, repeated or the last: fills need their own lease, and deletes only send the next check to
 *   MongoDB.
 *
 * `test/model/token-protocol.mjs` checks this with all interleavings and faults.
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
    if (lease.outcome === 'expired') throw expiredToken();
    const expiresUs = await this.#ask(bearer, lease, () => this.#verifyStored(bearer, lease.timeUs));
    if (lease.outcome !== 'leased') return;
    // The token is live by MongoDB, whether or not Redis has room for its record
    await this.#records.fill(bearer, lease, expiresUs, 'keep').catch(() => this.#giveBack(bearer, lease));
  }

  /** Resolves with the token's expiry in µs if it is live by MongoDB. Throws `invalid_token` if it is not. */
  async #verifyStored({ userId, client, tokenHash }: Bearer, nowUs: number): Promise<number> {
    const stored = await this.#documents.find(userId, client);
    if (stored?.hash !== tokenHash) throw invalidToken();
    const expiresUs = expiryUs(stored);
    if (expiresUs <= nowUs) throw expiredToken();
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

  /** Ends a token. Resolves with false if it was no longer the client's. */
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
      // Another change of this client's token revokes it or makes it the newest
      if (lease.outcome === 'leased') await this.#end(bearer, lease);
    }
  }

  /** Waits for another change in flight. Resolves with a lease of its own, or with `marked`. */
  async #leaseToChange(client: Client, kind: 'issue' | 'logout'): Promise<Lease> {
    const giveUpAt = deadlineIn(this.#answerMs);
    for (;;) {
      const lease = await this.#records.lease(client, kind);
      if (lease.outcome !== 'held') return lease;
      if (performance.now() > giveUpAt) throw unavailable(new Error('another change of this token is in progress'));
      await sleep(leasePollMs);
    }
  }

  /** Runs a step under the lease that only reads documents. Gives the lease back if the step fails. */
  async #ask<T>(client: Client, lease: Lease, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      await this.#giveBack(client, lease);
      throw error;
    }
  }

  /** Runs a write under the lease. The lease stays after a failure that leaves open whether the write is done. */
  async #change<T>(client: Client, lease: Lease, write: () => Promise<T>): Promise<T> {
    try {
      return await write();
    } catch (error) {
      if (isErrorBeforeWrite(error)) await this.#giveBack(client, lease);
      throw error;
    }
  }

  /** Gives the lease back. If that fails, the lease expires. */
  async #giveBack(client: Client, lease: Lease): Promise<void> {
    if (lease.outcome === 'leased') await this.#records.release(client, lease).catch(() => {});
  }
}

/** Returns the expiry in µs of Redis's time, like every time of a token. MongoDB keeps whole milliseconds. */
const expiryUs = ({ expires_at }: Pick<StoredToken, 'expires_at'>): number => expires_at.getTime() * 1_000;

/**
 * Returns the document of a token. It is issued after the client's earlier token, even if the clock was set back in
 * between.
 */
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
