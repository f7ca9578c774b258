import type { Account } from '@keybin/shared/ports/engine.js';
import type { Count } from '../metrics/api-metrics.js';
import type { Credentials } from '../accounts/credentials.js';
import { answerInTime } from '../requests/answer-in-time.js';
import { authenticate, type AccountParts } from './authenticate.js';

export interface TokenParts extends AccountParts {
  readonly tokensIssued: Count;
  readonly tokenLifetimeSeconds: number;
}

/** Client and the token that it gets. */
export interface ClientToken {
  readonly clientId: string;
  readonly token: string;
}

/** Issues a token, which becomes the only live one of its client. Returns the account. Throws `invalid_credentials`. */
export async function issueToken(
  { tokenLifetimeSeconds: lifetimeSeconds, ...parts }: TokenParts,
  credentials: Credentials,
  client: ClientToken,
): Promise<Account> {
  const startedMs = performance.now();
  const account = await authenticate(parts, credentials, startedMs);
  const { userId, generation } = account;
  const issued = parts.engine.tokens.issue({ userId, generation, ...client, lifetimeSeconds });
  await answerInTime(issued, startedMs, parts.times);
  parts.tokensIssued.inc();
  return account;
}
