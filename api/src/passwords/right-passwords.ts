import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Account } from '@keybin/shared/ports/engine.js';
import type { Credentials } from '../accounts/credentials.js';

/** Most passwords that one process keeps, about 500 bytes each. */
const mostKept = 10_000;

interface Kept {
  readonly seal: Buffer;
  /** True after a wrong password. It no longer counts, and no other takes its place until its time is over. */
  closed: boolean;
}

/**
 * Passwords that were right a short time ago, so that a client which sends its password with each request is not hashed
 * each time. A process keeps no password, but an HMAC under a key that it makes at its start, and that for `keptMs` at
 * most. The HMAC covers the stored hash and the generation of the account, which each login reads anyway. So a change
 * by another process needs no message here.
 *
 * None of this helps to guess:
 *
 * - **Time.** Each login computes one HMAC, whether its account is known, kept or neither. All but the kept password
 *   are hashed after that. So only a right password is fast. Its sender learns that the owner has logged in from the
 *   same address just before, and gets in anyway. A disabled account is not looked up here.
 * - **Number.** What is found here is not counted, and passes limits that are used up. So a password counts for one
 *   address, and the first wrong one from there ends it: at most one guess in `keptMs` escapes the limits, and that in
 *   a place from which the owner logs in. Nobody elsewhere can end it.
 */
export class RightPasswords {
  readonly #key = randomBytes(32);
  readonly #kept: LRUCache<string, Kept>;

  constructor(keptMs: number) {
    // Removed by a timer: nothing that helps to find a password stays in memory
    this.#kept = new LRUCache({ max: mostKept, ttl: keptMs, ttlAutopurge: true });
  }

  /** Returns true if the password is kept as the right one. A wrong one ends what is kept. */
  has(credentials: Credentials, account: Account | undefined): boolean {
    const seal = this.#seal(credentials, account);
    const kept = account && this.#kept.get(placeOf(credentials, account));
    if (!kept || kept.closed) return false;
    kept.closed = !timingSafeEqual(seal, kept.seal);
    return !kept.closed;
  }

  /** Keeps a password that was right, unless one is kept already. */
  keep(credentials: Credentials, account: Account): void {
    const place = placeOf(credentials, account);
    if (this.#kept.has(place)) return;
    this.#kept.set(place, { seal: this.#seal(credentials, account), closed: false });
  }

  #seal({ password }: Credentials, account: Account | undefined): Buffer {
    const sealed = JSON.stringify([account?.passwordHash, account?.generation, password]);
    return createHmac('sha256', this.#key).update(sealed).digest();
  }
}

const placeOf = ({ address }: Credentials, { userId }: Account) => `${userId} ${address}`;
