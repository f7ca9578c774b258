/** Username and password, with the address that they came from. */
export interface Credentials {
  /** Checked before, as the password is, for its characters and length. */
  readonly username: string;
  readonly password: string;
  /** Address of the client, from `clientAddress`. */
  readonly address: string;
}
