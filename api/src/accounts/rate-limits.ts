import type { Config } from '@keybin/shared/config/config.js';
import { remainingMs, settledWithin } from '@keybin/shared/deadline.js';
import { RateLimitError, type RateLimit } from '@keybin/shared/errors.js';
import type { RateCount, RateCounters } from '@keybin/shared/ports/engine.js';
import { siteOf } from '../requests/client-address.js';
import {
  counterKey,
  failedLoginsEverywhere as everywhere,
  identifyCodesEverywhere,
  keysOfName,
} from '@keybin/shared/rate-counters/counter-key.js';

/** One login attempt. `address` is a `clientAddress`. */
export interface Login {
  readonly username: string;
  readonly address: string;
  /** User id of the account with this name, if there is one. */
  readonly userId: string | undefined;
}

/** Seconds after a login for which an address counts as one from which the owner of the account logs in. */
const knownAddressSeconds = 14 * 86_400;

/** Factor by which the limit of an IPv6 network of 48 bits is that of one address, which is a network of 64 bits. */
const siteFactor = 10;

/** Request for an identify code. `address` is a `clientAddress`. */
export interface CodeRequest {
  readonly username: string;
  readonly address: string;
  /** Returns the user id of the account with this name, if there is one. */
  readonly findUserId: () => Promise<string | undefined>;
}

/** A limit with the key of its counter. */
interface Counted {
  readonly name: string;
  readonly limit: RateLimit;
  readonly key: string;
}

type Limits = Pick<
  Config['limits'],
  | 'failedLoginsPerAddress'
  | 'failedLoginsPerAccount'
  | 'failedLoginsPerAccountEverywhere'
  | 'registrationsPerAddress'
  | 'publicUsersPerAddress'
  | 'identifyCodesPerAddress'
  | 'identifyCodesPerName'
  | 'identifyCodesPerNameDaily'
  | 'identifyCodesPerNameEverywhere'
>;

/**
 * Refuses clients that guess passwords, or list or create accounts without end. Failed logins are counted in three
 * ways: by address, by address and account, and by account from everywhere. The third stops guesses from many
 * addresses. What is counted by address is counted by its site as well, for a client that may take any of 65,536
 * addresses.
 *
 * Others could use a limit up to lock the owner out. So the account is known at an address from which it logged in
 * recently. From there the third limit does not hold. The right password passes the others, too, until as many wrong
 * ones have come after them as the account may have from one address.
 *
 * Failures are counted after the password was compared. Concurrent guesses are counted one by one. Up to the limit they
 * are told "wrong"; the rest get `too_many_requests`, even a correct one that may not pass. Successful logins are never
 * counted, however many there are at once.
 */
export class RateLimits {
  constructor(
    private readonly limits: Limits,
    private readonly counters: RateCounters,
  ) {}

  /**
   * Throws `too_many_requests` if too many logins have failed. Call it before comparing the password, and again after a
   * correct one.
   */
  async checkLogin(login: Login): Promise<void> {
    const usedUp = await this.#usedUp(login, ({ key }) => this.counters.count(key), 0);
    if (usedUp && !(await this.#mayPass(login))) throw usedUp;
  }

  /**
   * Counts a failed login. Throws `too_many_requests` if it exceeds a limit, so that the client does not learn that the
   * password was wrong.
   */
  async loginFailed(login: Login): Promise<void> {
    const add = ({ key, limit }: Counted) => this.counters.add(key, limit.windowSeconds);
    const usedUp = await this.#usedUp(login, add, 1);
    if (!usedUp) return;
    if (await this.#isKnown(login)) await Promise.all(this.#passes(login).map(add));
    throw usedUp;
  }

  /** Remembers the address of a login with the right password, from now on. Throws as `checkLogin` does. */
  async loginSucceeded(login: Login): Promise<void> {
    await this.checkLogin(login);
    const isKnownUsed = this.#failures(login).length > 0 || this.limits.identifyCodesPerNameEverywhere;
    if (isKnownUsed) await this.counters.renew(knownKey(login), knownAddressSeconds);
  }

  /** Counts an attempt to register. Throws `too_many_requests`. */
  async registration(address: string): Promise<void> {
    await this.#addOne(countedByAddress('registrations', this.limits.registrationsPerAddress, address));
  }

  /** Counts a look at an account without a login. Throws `too_many_requests`. */
  async publicUser(address: string): Promise<void> {
    await this.#addOne(countedByAddress('public-users', this.limits.publicUsersPerAddress, address));
  }

  /** Counts a request for an identify code. Throws `too_many_requests`. */
  async identifyCode(address: string): Promise<void> {
    await this.#addOne(countedByAddress('identify-codes', this.limits.identifyCodesPerAddress, address));
  }

  /**
   * Counts a code that reaches somebody else than the client. Throws `too_many_requests`. A request that one limit
   * refuses does not count for the wider ones, so a single address cannot use up the last. The last one does not hold
   * for an address from which the account of this name logged in recently.
   */
  async identifyCodeSent({ username, address, findUserId }: CodeRequest): Promise<void> {
    const { identifyCodesPerName, identifyCodesPerNameDaily, identifyCodesPerNameEverywhere } = this.limits;
    await this.#addOne(countedBy('identify-codes-for-name', identifyCodesPerName, username, address));
    await this.#addOne(countedBy('identify-codes-for-name-daily', identifyCodesPerNameDaily, username, address));
    const [limited] = countedBy(identifyCodesEverywhere, identifyCodesPerNameEverywhere, username);
    if (!limited || (await this.#isKnown({ username, address, userId: await findUserId() }))) return;
    await this.#addOne([limited]);
  }

  /**
   * Deletes the counters of a deleted account, as far as its name is enough to find them. Waits until `dueMs` at most,
   * in `performance.now()`'s time.
   */
  async forgetAccount(username: string, dueMs: number): Promise<void> {
    const forgotten = Promise.all(keysOfName(username).map((key) => this.counters.forget(key)));
    await settledWithin(forgotten, remainingMs(dueMs)); // the deletion goes on
  }

  /**
   * Returns the limits that a failed login counts for. The narrowest comes first, because the client is told the first
   * one that is exceeded.
   */
  #failures({ username, address }: Login): readonly Counted[] {
    const { failedLoginsPerAccount, failedLoginsPerAddress, failedLoginsPerAccountEverywhere } = this.limits;
    return [
      ...countedBy('failed-logins-to-account', failedLoginsPerAccount, username, address),
      ...countedByAddress('failed-logins', failedLoginsPerAddress, address),
      ...countedBy(everywhere, failedLoginsPerAccountEverywhere, username),
    ];
  }

  /**
   * Asks for the counts of a login. Returns the error of the first limit that has no room for it. `own` is what the
   * login has added to each count.
   */
  async #usedUp(
    login: Login,
    ask: (counted: Counted) => Promise<RateCount>,
    own: 0 | 1,
  ): Promise<RateLimitError | undefined> {
    const counted = this.#failures(login);
    const counts = await Promise.all(counted.map(ask));
    for (const [index, { name, limit }] of counted.entries()) {
      const { count, resetsInMs } = counts[index] ?? noCount;
      if (count - own < limit.count) continue;
      if (name === everywhere && (await this.#isKnown(login))) continue;
      return new RateLimitError(name, limit, resetsInMs);
    }
    return undefined;
  }

  /** Returns the bound on wrong passwords to a known account after its limits are used up. */
  #passes({ userId = '', address }: Login): readonly Counted[] {
    const { failedLoginsPerAccount, failedLoginsPerAddress } = this.limits;
    return countedBy('passed-limits', failedLoginsPerAccount ?? failedLoginsPerAddress, userId, address);
  }

  /** True if this login may be the right one behind limits that others have used up. */
  async #mayPass(login: Login): Promise<boolean> {
    if (!(await this.#isKnown(login))) return false;
    const [passes] = this.#passes(login);
    return passes !== undefined && (await this.counters.count(passes.key)).count < passes.limit.count;
  }

  async #isKnown(login: Login): Promise<boolean> {
    return (await this.counters.count(knownKey(login))).count > 0;
  }

  /**
   * Adds one to each count. Stops at the first limit that is used up: an address alone does not use up its site's. A
   * refused request writes nothing.
   */
  async #addOne(counted: readonly Counted[]): Promise<void> {
    for (const { name, limit, key } of counted) {
      const before = await this.counters.count(key);
      const isOver = before.count >= limit.count;
      const { count, resetsInMs } = isOver ? before : await this.counters.add(key, limit.windowSeconds);
      if (isOver || count > limit.count) throw new RateLimitError(name, limit, resetsInMs);
    }
  }
}

const noCount: RateCount = { count: 0, resetsInMs: 0 };

/** Returns an empty list if there is no limit. */
function countedBy(name: string, limit: RateLimit | undefined, ...subjects: readonly string[]): Counted[] {
  return limit ? [{ name, limit, key: counterKey(name, ...subjects) }] : [];
}

/** Returns the limit of an address, and the wider one of its site if it has one. */
function countedByAddress(name: string, limit: RateLimit | undefined, address: string): Counted[] {
  const site = siteOf(address);
  const ofAddress = countedBy(name, limit, address);
  if (!limit || site === undefined) return ofAddress;
  const { count, windowSeconds } = limit;
  return [...ofAddress, ...countedBy(`${name}-site`, { count: siteFactor * count, windowSeconds }, site)];
}

/**
 * Returns the key of an address that is known for an account. It contains the user id, which ends with the account, so
 * nobody can tell from a name where its owner logged in.
 */
const knownKey = ({ userId = '', address }: Login) => counterKey('known-address', userId, address);
