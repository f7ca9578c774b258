import { ObjectId } from 'mongodb';
import { v4 as uuid } from 'uuid';
import { answerTimeoutMs, withDeadline } from '../../deadline.js';
import { accountExists } from '../../errors.js';
import type { Account, Accounts } from '../../ports.js';
import { takeNextNumbers } from './account-numbers.js';
import { operationTimeoutMs, type Database } from './database.js';
import type { UserDocument } from './documents.js';
import { disable, enable } from './disable.js';
import { isDuplicate, orUnavailable } from './outages.js';
import { unregister, type UnregisterParts } from './unregister.js';

const bounded = { maxTimeMS: operationTimeoutMs };

export interface AccountParts extends Omit<UnregisterParts, 'deleteUser'> {
  readonly database: Pick<Database, 'users' | 'counters' | 'codes'>;
  /** Redis's time in µs, by which erasures are dated. */
  readonly clock: { readonly timeUs: number };
}

export class MongoAccounts implements Accounts {
  constructor(private readonly parts: AccountParts) {}

  create(username: string, passwordHash: string): Promise<Account> {
    return withDeadline(this.#create(username, passwordHash), answerTimeoutMs, 'creating an account');
  }

  find(username: string): Promise<Account | undefined> {
    return withDeadline(this.#find({ username }), answerTimeoutMs, 'finding an account');
  }

  findByNumber(number: number): Promise<Account | undefined> {
    return withDeadline(this.#find({ number }), answerTimeoutMs, 'finding an account');
  }

  findById(userId: string): Promise<Account | undefined> {
    return withDeadline(this.#find({ user_id: userId }), answerTimeoutMs, 'finding an account');
  }

  erase(account: Account): Promise<void> {
    const { users, codes } = this.parts.database;
    const deleteUser = async (userId: string) => {
      await orUnavailable(codes.deleteOne({ _id: account.username }, bounded)); // before somebody may need one to have the name
      await orUnavailable(users.deleteOne({ user_id: userId }, bounded));
    };
    const unregistered = unregister(account, this.#now(), { ...this.parts, deleteUser });
    return withDeadline(unregistered, answerTimeoutMs, 'unregistering');
  }

  disable({ userId }: Account): Promise<void> {
    return withDeadline(disable(userId, this.#now(), this.parts), answerTimeoutMs, 'disabling an account');
  }

  enable({ userId }: Account): Promise<void> {
    return withDeadline(enable(userId, this.parts), answerTimeoutMs, 'enabling an account');
  }

  #now(): Date {
    return new Date(this.parts.clock.timeUs / 1_000);
  }

  async #create(username: string, passwordHash: string): Promise<Account> {
    // Looked at first, so that a name that is taken uses up no number
    if (await this.#find({ username })) throw accountExists();
    const user: UserDocument = {
      _id: new ObjectId(),
      user_id: uuid(),
      number: await takeNextNumbers(this.parts.database.counters, 1, bounded),
      username,
      password: passwordHash,
      created_at: new Date(),
    };
    const insert = this.parts.database.users.insertOne(user, bounded).catch((error: unknown) => {
      throw isDuplicate(error) ? accountExists() : error;
    });
    await orUnavailable(insert);
    return accountOf(user);
  }

  async #find(which: Partial<Pick<UserDocument, 'username' | 'number' | 'user_id'>>): Promise<Account | undefined> {
    const user = await orUnavailable(this.parts.database.users.findOne(which, bounded));
    return user ? accountOf(user) : undefined;
  }
}

export const accountOf = ({ _id, ...user }: UserDocument): Account => ({
  userId: user.user_id,
  number: user.number,
  objectId: _id.toHexString(),
  username: user.username,
  passwordHash: user.password,
  createdAt: user.created_at,
  disabled: user.disabled_at !== undefined,
  generation: user.generation ?? 0,
});
