import type { Life } from '../checkers/history.js';

/** A name that one account after another uses. The clients share it. */
export class SharedAccount {
  #passwords = 0;
  /** Present account. Undefined while a client deletes it and registers the next. */
  life: Life | undefined;
  /** Registrations whose outcome is unknown. Each may still be done once the name is free. */
  maybe: Life[] = [];
  /**
   * The previous life, if its end was seen but not acknowledged. Killing MongoDB may undo what it showed, and the
   * account then exists until the sweeper deletes it.
   */
  seenGone: Life | undefined;

  constructor(
    readonly username: string,
    readonly keys: readonly string[],
  ) {}

  /** Returns a new password, so a login with it succeeds only in the account of its own registration. */
  nextPassword(): string {
    this.#passwords++;
    return `password-${this.#passwords}`;
  }
}
