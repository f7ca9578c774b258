import { remainingMs } from '@keybin/shared/deadline.js';
import { unavailable } from '@keybin/shared/errors.js';
import { siteOf } from '../requests/client-address.js';
import type { Credentials } from '../accounts/credentials.js';

/** Passwords that wait, of one address or of one account. All addresses of an IPv6 site are one. */
interface Group {
  readonly name: string;
  waiting: number;
  /** Number of turns that it has had, since one of its passwords is waiting. */
  turns: number;
}

interface Waiting<T> {
  readonly address: Group;
  readonly account: Group;
  /** Time by which its hash must be there, in `performance.now()`'s time. */
  readonly dueMs: number;
  readonly go: (thread: T) => void;
  readonly refuse: (reason: string) => void;
}

/** Groups with a waiting password, by name. A new one counts as many turns as the one that has had the fewest. */
class Groups {
  readonly #groups = new Map<string, Group>();

  join(name: string): Group {
    let group = this.#groups.get(name);
    if (!group) {
      let turns = Infinity;
      for (const other of this.#groups.values()) turns = Math.min(turns, other.turns);
      group = { name, waiting: 0, turns: Number.isFinite(turns) ? turns : 0 };
      this.#groups.set(name, group);
    }
    group.waiting += 1;
    return group;
  }

  leave(group: Group): void {
    group.waiting -= 1;
    if (group.waiting === 0) this.#groups.delete(group.name);
  }
}

/**
 * Line of passwords that wait for a thread to hash them. No address and no account takes the turns of the others:
 *
 * - The addresses take turns. Those with as many turns go by the turns of the account, and then by arrival. So the
 *   accounts of one address take turns too, and an account that many addresses log in to goes last among them.
 * - If the line is full, the longest address loses its newest password, from its longest account. That is the new one
 *   itself only if it belongs to them.
 *
 * waiting --its turn--> gone, with a thread.
 * waiting --a hash that began now would end too late--> refused.
 * waiting --the line is full, and its group is the longest--> refused.
 */
export class HashLine<T> {
  /** Passwords in the order of arrival. */
  readonly #waiting: Waiting<T>[] = [];
  readonly #addresses = new Groups();
  readonly #accounts = new Groups();

  /** `most`: passwords that may wait. */
  constructor(private readonly most: number) {}

  /** Passwords that wait. */
  get length(): number {
    return this.#waiting.length;
  }

  /**
   * Resolves with the thread that `pass` has for it. Throws `unavailable` once a hash that takes `hashMs` could no
   * longer end by `dueMs`, or when the line has no place for it.
   */
  async turn({ address, username }: Omit<Credentials, 'password'>, dueMs: number, hashMs: number): Promise<T> {
    let leave: NodeJS.Timeout | undefined;
    try {
      return await new Promise<T>((go, reject) => {
        const waiting: Waiting<T> = {
          address: this.#addresses.join(siteOf(address) ?? address),
          account: this.#accounts.join(username),
          dueMs,
          go,
          refuse: (reason) => reject(unavailable(new Error(reason))),
        };
        this.#waiting.push(waiting);
        leave = setTimeout(() => this.#refuseLate(waiting), remainingMs(dueMs - hashMs));
        if (this.#waiting.length > this.most) this.#refuseOne();
      });
    } finally {
      clearTimeout(leave);
    }
  }

  /**
   * Gives the thread to the next password that can be hashed until `endsMs`, and returns true. Refuses those that
   * cannot. Returns false if nothing waits.
   */
  pass(thread: T, endsMs: number): boolean {
    for (let next = this.#next(); next; next = this.#next()) {
      if (next.dueMs < endsMs) {
        this.#refuseLate(next);
        continue;
      }
      next.address.turns += 1;
      next.account.turns += 1;
      this.#leave(next);
      next.go(thread);
      return true;
    }
    return false;
  }

  #next(): Waiting<T> | undefined {
    let [next] = this.#waiting;
    for (const other of this.#waiting) if (next && goesBefore(other, next)) next = other;
    return next;
  }

  #refuseLate(waiting: Waiting<T>): void {
    this.#leave(waiting);
    waiting.refuse('A password waited too long to be hashed');
  }

  #refuseOne(): void {
    let [longest] = this.#waiting;
    for (const newer of this.#waiting) if (longest && !isInShorterGroup(newer, longest)) longest = newer;
    if (!longest) return;
    this.#leave(longest);
    longest.refuse('Too many passwords are waiting to be hashed');
  }

  #leave(waiting: Waiting<T>): void {
    this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
    this.#addresses.leave(waiting.address);
    this.#accounts.leave(waiting.account);
  }
}

type Groupings = Pick<Waiting<unknown>, 'address' | 'account'>;

const goesBefore = (a: Groupings, b: Groupings): boolean =>
  (a.address.turns - b.address.turns || a.account.turns - b.account.turns) < 0;

const isInShorterGroup = (a: Groupings, b: Groupings): boolean =>
  (a.address.waiting - b.address.waiting || a.account.waiting - b.account.waiting) < 0;
