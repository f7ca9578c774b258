import { ObjectId } from 'mongodb';
import { v4 as uuid } from 'uuid';
import { withDeadline } from '../../../deadline.js';
import { accountExists, orUnavailable } from '../../../errors.js';
import type { Account, Accounts } from '../../../ports/engine.js';
import { foldedName } from '../../../ids/folded-name.js';
import { takeAccountNumbers } from './account-numbers.js';
import { sharedFoldedName, withFoldedName } from './folded-names.js';
import type { Database } from '../mongodb/database.js';
import type { UserDocument } from '../mongodb/documents.js';
import { disable, enable } from './disable.js';
import { isDuplicateError } from '../mongodb/errors.js';
import { unregister, type UnregisterParts } from './unregister.js';

export interface AccountParts extends Omit<UnregisterParts, 'deleteUser'> {
  readonly database: Pick<Database, 'users' | 'counters' | 'codes' | 'bounded' | 'decisive' | 'times'>;
  /** Redis's time in µs, the time of erasures and disabling. */
  readonly clock: { readonly timeUs: number };
}

export class ScaleOutAccounts implements Accounts {
  constructor(private readonly parts: AccountParts) {}

  create(username: string, passwordHash: string, { distinct } = { distinct: false }): Promise<Account> {
    return withDeadline(this.#create(username, passwordHash, distinct), this.#answerMs, 'creating an account');
  }

  find(username: string): Promise<Account | undefined> {
    return withDeadline(this.#find({ username }), this.#answerMs, 'finding an account');
  }

  findByNumber(number: number): Promise<Account | undefined> {
    return withDeadline(this.#find({ number }), this.#answerMs, 'finding an account');
  }

  findById(userId: string): Promise<Account | undefined> {
    return withDeadline(this.#find({ user_id: userId }), this.#answerMs, 'finding an account');
  }

  erase(account: Account): Promise<void> {
    const { users, codes } = this.parts.database;
    const deleteUser = async (userId: string) => {
      // The code first: once the user document is deleted, another client may need a new code for the name
      await orUnavailable(codes.deleteOne({ _id: account.username }, this.parts.database.bounded));
      await orUnavailable(users.deleteOne({ user_id: userId }, this.parts.database.bounded));
    };
    const unregistered = unregister(account, this.#now(), { ...this.parts, deleteUser });
    return withDeadline(unregistered, this.#answerMs, 'unregistering');
  }

  disable({ userId }: Account): Promise<void> {
    return withDeadline(disable(userId, this.#now(), this.parts), this.#answerMs, 'disabling an account');
  }

  enable({ userId }: Account): Promise<void> {
    return withDeadline(enable(userId, this.parts), this.#answerMs, 'enabling an account');
  }

  get #answerMs(): number {
    return this.parts.database.times.answerMs;
  }

  #now(): Date {
    return new Date(this.parts.clock.timeUs / 1_000);
  }

  async #create(username: string, passwordHash: string, distinct: boolean): Promise<Account> {
    // Checked first, so that a taken name uses up no number
    if (await this.#find({ username })) throw accountExists();
    const { counters, users, bounded } = this.parts.database;
    const folded = foldedName(username);
    if (distinct && (await orUnavailable(users.findOne(withFoldedName(folded), bounded)))) throw accountExists();
    const number = await takeAccountNumbers(counters, 1, bounded);
    const user: UserDocument = {
      _id: new ObjectId(),
      user_id: uuid(),
      number,
      username,
      folded_name: distinct ? folded : sharedFoldedName({ username, number }),
      password: passwordHash,
      created_at: new Date(),
    };
    const insert = users.insertOne(user, bounded).catch((error: unknown) => {
      throw isDuplicateError(error) ? accountExists() : error;
    });
    await orUnavailable(insert);
    return accountOf(user);
  }

  async #find(which: Partial<Pick<UserDocument, 'username' | 'number' | 'user_id'>>): Promise<Account | undefined> {
    const user = await orUnavailable(this.parts.database.users.findOne(which, this.parts.database.decisive));
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
