/** Whose token it is, whether or not it is still live: this never changes, so a process may keep it. */
export interface Bearer {
  readonly userId: string;
  /** SHA-256 of the client id, hexadecimal. */
  readonly client: string;
  /** SHA-256 of the token, hexadecimal. */
  readonly tokenHash: string;
  readonly partition: number;
}

/** What reading and writing entries needs to know of tokens. */
export interface Bearers {
  /**
   * The bearer of a token, at once if this process has met it. Throws (or rejects with) `invalid_token` for one that no
   * account has, and `unavailable`.
   */
  resolve(token: string): Bearer | Promise<Bearer>;
  /**
   * Resolves if the token is live, looking at MongoDB if Redis has no record of it; afterwards it usually has one. Throws
   * `invalid_token` or `unavailable`.
   */
  verify(bearer: Bearer): Promise<void>;
}
