import type { Config } from '@keybin/shared/config/config.js';
import { remainingMs, settledWithin } from '@keybin/shared/deadline.js';
import { RateLimitError, type RateLimit } from '@keybin/shared/errors.js';
import type { RateCount, RateCounters } from '@keybin/shared/ports/engine.js';
import {
  failedLoginsEverywhere as everywhere,
  failedLoginsEverywhereKey,
  rateLimitKey as keyOf,
} from '@keybin/shared/rate-limits/rate-limit-keys.js';

/** One try to log in, from a `clientAddress`. */
export interface Login {
  readonly username: string;
  readonly address: string;
  /** Of the account of this name, if there is one. */
  readonly userId: string | undefined;
}

/** For so long an address counts as one that the account's owner logs in from. */
const knownAddressSeconds = 14 * 86_400;

/** A limit with what it counts. */
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
  | 'identifyCodesPerAddress'
>;

/**
 * Who guesses passwords, or opens accounts without end, is refused. Failed logins are counted in three ways: by address; by address
 * and account; and by account from everywhere, which stops those who guess from many addresses. The last would let anyone lock the owner
 * out, so it does not hold for an address from which the account was logged in to lately.
 *
 * What fails is counted after the password was compared. Guesses that were compared at once are counted one after the other, and the
 * answer to each is decided by that: so many are told that they are wrong as may fail; to the others, and to a right one among them, it
 * is all the same `too_many_requests`. Logins that succeed are never counted, however many there are at once.
 */
export class RateLimits {
  constructor(
    private readonly limits: Limits,
    private readonly counters: RateCounters,
  ) {}

  /** Throws `too_many_requests` when too many logins have failed. To be asked before the password is compared, and when it is right. */
  async checkLogin(login: Login): Promise<void> {
    const counted = this.#failures(login);
    const counts = await Promise.all(counted.map(({ key }) => this.counters.count(key)));
    await this.#refuse(login, counted, counts, 0);
  }

  /** Counts a login that failed. Throws `too_many_requests` when it is one too many to be told so. */
  async loginFailed(login: Login): Promise<void> {
    const counted = this.#failures(login);
    const counts = await Promise.all(counted.map(({ key, limit }) => this.counters.add(key, limit.windowSeconds)));
    await this.#refuse(login, counted, counts, 1);
  }

  /** After the right password. Throws as `checkLogin` does. */
  async loginSucceeded(login: Login): Promise<void> {
    await this.checkLogin(login);
    if (this.limits.failedLoginsPerAccountEverywhere && !(await this.#isKnown(login))) {
      await this.counters.add(knownKey(login), knownAddressSeconds);
    }
  }

  /** Counts a try to open an account. Throws `too_many_requests`. */
  async registration(address: string): Promise<void> {
    await this.#addOne(countedBy('registrations', this.limits.registrationsPerAddress, address));
  }

  /** Counts an identify code that is asked for. Throws `too_many_requests`. */
  async identifyCode(address: string): Promise<void> {
    await this.#addOne(countedBy('identify-codes', this.limits.identifyCodesPerAddress, address));
  }

  /**
   * Takes away what was counted for an account that has ended, as far as its name is enough to find it. Waits for that until `dueMs` at
   * most, in `performance.now()`'s time.
   */
  async forgetAccount(username: string, dueMs: number): Promise<void> {
    const forgotten = this.counters.forget(failedLoginsEverywhereKey(username));
    await settledWithin(forgotten, remainingMs(dueMs)); // it goes on
  }

  /** The narrowest first: that is what the client is told. */
  #failures({ username, address }: Login): readonly Counted[] {
    const { failedLoginsPerAccount, failedLoginsPerAddress, failedLoginsPerAccountEverywhere } = this.limits;
    return [
      ...countedBy('failed-logins-to-account', failedLoginsPerAccount, username, address),
      ...countedBy('failed-logins', failedLoginsPerAddress, address),
      ...countedBy(everywhere, failedLoginsPerAccountEverywhere, username),
    ];
  }

  /** Throws when one of the limits leaves no room, beside what was counted, for `own`. */
  async #refuse(login: Login, counted: readonly Counted[], counts: readonly RateCount[], own: 0 | 1): Promise<void> {
    for (const [index, { name, limit }] of counted.entries()) {
      const { count, resetsInMs } = counts[index] ?? noCount;
      if (count - own < limit.count) continue;
      if (name === everywhere && (await this.#isKnown(login))) continue;
      throw new RateLimitError(name, limit, resetsInMs);
    }
  }

  async #isKnown(login: Login): Promise<boolean> {
    return (await this.counters.count(knownKey(login))).count > 0;
  }

  async #addOne([limited]: readonly Counted[]): Promise<void> {
    if (!limited) return;
    const { name, limit, key } = limited;
    const { count, resetsInMs } = await this.counters.add(key, limit.windowSeconds);
    if (count > limit.count) throw new RateLimitError(name, limit, resetsInMs);
  }
}

const noCount: RateCount = { count: 0, resetsInMs: 0 };

/** Nothing where there is no limit. */
function countedBy(name: string, limit: RateLimit | undefined, ...subjects: readonly string[]): Counted[] {
  return limit ? [{ name, limit, key: keyOf(name, ...subjects) }] : [];
}

/** By the user id, which dies with the account: nobody can tell from a name where it was logged in from. */
const knownKey = ({ userId = '', address }: Login) => keyOf('known-address', userId, address);
