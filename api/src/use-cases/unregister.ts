import { authenticate, type AccountParts, type Credentials } from './authenticate.js';

/** Ends an account, its tokens and its data. Throws `invalid_credentials`. */
export async function unregister(parts: AccountParts, credentials: Credentials): Promise<void> {
  const account = await authenticate(parts, credentials);
  await parts.engine.accounts.erase(account);
}
