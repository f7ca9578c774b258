/** Account and client of a token, whether or not it is live. They never change, so a process may keep them. */
export interface Bearer {
  readonly userId: string;
  /** SHA-256 of the client id, hexadecimal. */
  readonly client: string;
  /** SHA-256 of the token, hexadecimal. */
  readonly tokenHash: string;
  readonly partition: number;
}

/** Access to tokens for reading and writing entries. */
export interface Bearers {
  /**
   * Returns the bearer of a token, without a promise if this process knows it already. Throws (or rejects with)
   * `invalid_token` for a token that no account has, and `unavailable`.
   */
  resolve(token: string): Bearer | Promise<Bearer>;
  /**
   * Resolves if the token is live. Asks MongoDB if Redis has no record of it; afterwards Redis usually has one. Throws
   * `invalid_token` or `unavailable`.
   */
  verify(bearer: Bearer): Promise<void>;
}
