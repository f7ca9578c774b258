import { v4 as uuid } from 'uuid';
import { authenticate, type AccountParts, type Credentials } from './authenticate.js';

export interface TokenParts extends AccountParts {
  readonly tokenLifetimeSeconds: number;
}

/** A new token for a device of the account; the device's earlier one is dead from then on. Throws `invalid_credentials`. */
export async function issueToken(parts: TokenParts, credentials: Credentials, clientId: string): Promise<string> {
  const { userId } = await authenticate(parts, credentials);
  const token = uuid();
  await parts.engine.tokens.issue({ userId, clientId, token, lifetimeSeconds: parts.tokenLifetimeSeconds });
  return token;
}
