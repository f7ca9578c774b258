import { v4 as uuid } from 'uuid';
import type { Count } from '../count.js';
import { answerInTime } from './answer-in-time.js';
import { authenticate, type AccountParts, type Credentials } from './authenticate.js';

export interface TokenParts extends AccountParts {
  readonly tokensIssued: Count;
  readonly tokenLifetimeSeconds: number;
}

/** A new token for a device of the account; the device's earlier one is dead from then on. Throws `invalid_credentials`. */
export async function issueToken(parts: TokenParts, credentials: Credentials, clientId: string): Promise<string> {
  const startedMs = performance.now();
  const { userId } = await authenticate(parts, credentials, startedMs);
  const token = uuid();
  const issued = parts.engine.tokens.issue({ userId, clientId, token, lifetimeSeconds: parts.tokenLifetimeSeconds });
  await answerInTime(issued, startedMs);
  parts.tokensIssued.inc();
  return token;
}
