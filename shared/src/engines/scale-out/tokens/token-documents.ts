import type { Bearer } from './bearer.js';
import type { Database } from '../mongodb/database.js';
import type { TokenDocument } from '../mongodb/documents.js';
import { orUnavailable } from '../../../errors.js';

export type StoredToken = Pick<
  TokenDocument,
  'user_id' | 'client' | 'hash' | 'expires_at' | 'issued_at' | 'generation'
>;

/**
 * Tokens in MongoDB, which is the truth. All methods throw `unavailable`, after which a write may or may not be done.
 */
export interface TokenDocuments {
  find(userId: string, client: string): Promise<StoredToken | undefined>;
  findByHash(tokenHash: string): Promise<StoredToken | undefined>;
  /**
   * Makes it the client's only token, in place of one that was issued before it. Throws and does nothing if the
   * client's token is not older.
   */
  replace(token: StoredToken): Promise<void>;
  /** Removes this token if it is still the client's. Resolves with false if it is not. */
  remove(bearer: Pick<Bearer, 'userId' | 'client' | 'tokenHash'>): Promise<boolean>;
  /**
   * Resolves with true if the account exists and was not disabled since this generation. It goes by the id, because the
   * name may belong to another account by now.
   */
  userExists(userId: string, generation: number | undefined): Promise<boolean>;
  /** Removes tokens that expired by `now`. Resolves with the account's live tokens beyond its `limit` newest. */
  surplus(userId: string, limit: number, now: Date): Promise<StoredToken[]>;
}

const idOf = (userId: string, client: string) => `${userId}/${client}`;

export class MongoTokenDocuments implements TokenDocuments {
  constructor(private readonly database: Pick<Database, 'tokens' | 'users' | 'bounded' | 'decisive'>) {}

  async find(userId: string, client: string): Promise<StoredToken | undefined> {
    return this.#findOne({ _id: idOf(userId, client) });
  }

  async findByHash(tokenHash: string): Promise<StoredToken | undefined> {
    return this.#findOne({ hash: tokenHash });
  }

  async #findOne(which: Pick<TokenDocument, '_id'> | Pick<TokenDocument, 'hash'>): Promise<StoredToken | undefined> {
    return (await orUnavailable(this.database.tokens.findOne(which, this.database.decisive))) ?? undefined;
  }

  async replace(token: StoredToken): Promise<void> {
    // If a document is there but does not match, this becomes an insert, which fails (error 11000)
    const filter = { _id: idOf(token.user_id, token.client), issued_at: { $lt: token.issued_at } };
    await orUnavailable(this.database.tokens.replaceOne(filter, token, { ...this.database.bounded, upsert: true }));
  }

  async remove({ userId, client, tokenHash }: Pick<Bearer, 'userId' | 'client' | 'tokenHash'>): Promise<boolean> {
    const filter = { _id: idOf(userId, client), hash: tokenHash };
    const { deletedCount } = await orUnavailable(this.database.tokens.deleteOne(filter, this.database.bounded));
    return deletedCount === 1;
  }

  async userExists(userId: string, generation = 0): Promise<boolean> {
    const options = { ...this.database.decisive, projection: { generation: 1 } };
    const user = await orUnavailable(this.database.users.findOne({ user_id: userId }, options));
    return user !== null && (user.generation ?? 0) === generation;
  }

  async surplus(userId: string, limit: number, now: Date): Promise<StoredToken[]> {
    const { tokens } = this.database;
    await orUnavailable(tokens.deleteMany({ user_id: userId, expires_at: { $lte: now } }, this.database.bounded));
    return orUnavailable(
      tokens.find({ user_id: userId }, this.database.bounded).sort({ issued_at: -1, _id: -1 }).skip(limit).toArray(),
    );
  }
}
