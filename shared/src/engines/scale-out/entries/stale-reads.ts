import { deadlineIn, remainingMs, withDeadline } from '../../../deadline.js';
import { expiredToken, hasCode, invalidToken, keyNotFound } from '../../../errors.js';
import type { Entries, KeyList, KeyListOptions, OnStale, OnValue } from '../../../ports/engine.js';
import { beginKeyList } from '../../../ports/key-list.js';
import type { TimeBudget } from '../../../time-budget.js';
import type { StoredEntries } from './stored-entries.js';
import type { TokenDocuments } from '../tokens/token-documents.js';
import { hashToken } from '../tokens/token-index.js';

export interface StaleReadsParts {
  /** Entries for exact reads and for all writes. */
  readonly exact: Entries;
  /** Resolves if the Redis that serves the token's account answers. */
  readonly probe: (token: string) => Promise<unknown>;
  readonly documents: Pick<TokenDocuments, 'findByHash' | 'userExists'>;
  /** Clock of that Redis, by which tokens expire. It continues while Redis is down. */
  readonly clockOf: (userId: string) => { readonly timeUs: number };
  readonly stored: Pick<StoredEntries, 'find' | 'keys'>;
  readonly times: Pick<TimeBudget, 'answerMs' | 'exactReadMs' | 'redisProbeMs'>;
}

/**
 * Entries that can be read while Redis is down, if the operator allows that. MongoDB, which is the truth for tokens,
 * tells whether the token is live. It has the values that were applied; pending ones are missed.
 *
 *     exact read ──answer or refusal──▶ returned
 *       └──unavailable, or no answer for a second──▶ probe Redis ──it answers──▶ outcome of the exact read
 *                                                        └──it does not──▶ stale read, from MongoDB alone
 */
export class StaleReads implements Entries {
  constructor(private readonly parts: StaleReadsParts) {}

  async get(token: string, key: string, onStale?: OnStale, onValue?: OnValue): Promise<string> {
    const { exact, stored } = this.parts;
    let owner: string | undefined; // of a stale read
    const ofAccount = (userId: string, deadlineMs: number) => {
      owner = userId;
      return stored.find(userId, key, deadlineMs);
    };
    const found = exact.get(token, key, undefined, onValue);
    const json = await this.#read<string | undefined>(found, token, ofAccount, onStale);
    if (json === undefined) throw keyNotFound(key);
    const refused = owner === undefined ? undefined : onValue?.(owner, json.length);
    if (refused) throw refused;
    return json;
  }

  async keys(token: string, { signal, onStale }: KeyListOptions): Promise<KeyList> {
    const { exact, stored } = this.parts;
    const ofAccount = (userId: string, deadlineMs: number) => beginKeyList(userId, stored.keys(userId, deadlineMs));
    return this.#read(exact.keys(token, { signal }), token, ofAccount, onStale);
  }

  put(token: string, key: string, json: string, request?: string): Promise<void> {
    return this.parts.exact.put(token, key, json, request);
  }

  delete(token: string, key: string, request?: string): Promise<void> {
    return this.parts.exact.delete(token, key, request);
  }

  async #read<T>(
    exact: Promise<T>,
    token: string,
    ofAccount: (userId: string, deadlineMs: number) => Promise<T>,
    onStale: OnStale | undefined,
  ): Promise<T> {
    const deadlineMs = deadlineIn(this.parts.times.answerMs);
    try {
      return await withDeadline(exact, this.parts.times.exactReadMs, 'reading without stale data');
    } catch (error) {
      if (!onStale || !hasCode(error, 'unavailable') || (await this.#redisAnswers(token))) return exact;
    }
    const account = withDeadline(this.#account(token), remainingMs(deadlineMs), 'checking a token in MongoDB');
    const found = await ofAccount(await account, deadlineMs);
    onStale();
    return found;
  }

  async #redisAnswers(token: string): Promise<boolean> {
    try {
      await withDeadline(this.parts.probe(token), this.parts.times.redisProbeMs, 'checking Redis');
      return true;
    } catch {
      return false;
    }
  }

  /** Checks a token by MongoDB alone, and resolves with its account. Throws `invalid_token` or `unavailable`. */
  async #account(token: string): Promise<string> {
    const { documents, clockOf } = this.parts;
    const stored = await documents.findByHash(hashToken(token));
    if (!stored) throw invalidToken();
    if (stored.expires_at.getTime() * 1_000 <= clockOf(stored.user_id).timeUs) throw expiredToken();
    if (!(await documents.userExists(stored.user_id, stored.generation))) throw invalidToken();
    return stored.user_id;
  }
}
