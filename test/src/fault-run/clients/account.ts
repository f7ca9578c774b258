import type { Life } from '../checkers/history.js';

/** A name under which one account after the other lives. Shared by the clients. */
export class SharedAccount {
  #passwords = 0;
  /** The present account; none while a client ends one and registers the next. */
  life: Life | undefined;
  /** Registrations whose outcome is unknown: each may still be done, once the name is free. */
  maybe: Life[] = [];
  /**
   * The life before, if its end was only seen and never answered: what MongoDB showed may be undone when it is killed, and the account
   * is there until the sweeper ends it.
   */
  seenGone: Life | undefined;

  constructor(
    readonly username: string,
    readonly keys: readonly string[],
  ) {}

  /** One that no registration before had, so that whoever is let in by it is in the account of that registration. */
  nextPassword(): string {
    this.#passwords++;
    return `password-${this.#passwords}`;
  }
}
