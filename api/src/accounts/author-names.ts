import { LRUCache } from 'lru-cache';
import { invalidToken } from '@keybin/shared/errors.js';
import type { Accounts } from '@keybin/shared/ports/engine.js';

/** Names that one process keeps in memory, some 200 bytes each. */
const cachedNames = 10_000;

/**
 * Names of accounts, for what shows whose it is. A user id has one name for good and is never used again, so a name is looked up once:
 * a post that waits for the worker is shown while MongoDB is away.
 */
export class AuthorNames {
  readonly #names = new LRUCache<string, string>({ max: cachedNames });

  constructor(private readonly accounts: Pick<Accounts, 'findById'>) {}

  /** Throws `invalid_token` when the account is gone: it took its tokens along. Whoever asks has looked at a token before. */
  async nameOf(userId: string): Promise<string> {
    const known = this.#names.get(userId);
    if (known !== undefined) return known;
    const account = await this.accounts.findById(userId);
    if (!account) throw invalidToken();
    this.#names.set(userId, account.username);
    return account.username;
  }
}
