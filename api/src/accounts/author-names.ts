import { LRUCache } from 'lru-cache';
import { invalidToken } from '@keybin/shared/errors.js';
import type { Accounts } from '@keybin/shared/ports/engine.js';

/** Names that one process keeps in memory, about 200 bytes each. */
const cachedNames = 10_000;

/**
 * Cache of account names, for responses that show an author. A user id keeps its name for good and is never reused, so
 * each name is looked up once. A post that waits for a worker can then be shown while MongoDB is down.
 */
export class AuthorNames {
  readonly #names = new LRUCache<string, string>({ max: cachedNames });

  constructor(private readonly accounts: Pick<Accounts, 'findById'>) {}

  /**
   * Throws `invalid_token` if the account is gone, because its tokens are gone, too. Callers have checked a token
   * before.
   */
  async nameOf(userId: string): Promise<string> {
    const known = this.#names.get(userId);
    if (known !== undefined) return known;
    const account = await this.accounts.findById(userId);
    if (!account) throw invalidToken();
    this.#names.set(userId, account.username);
    return account.username;
  }
}
