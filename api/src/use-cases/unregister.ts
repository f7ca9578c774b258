import type { Credentials } from '../accounts/credentials.js';
import { answerInTime } from '../requests/answer-in-time.js';
import { authenticate, type AccountParts } from './authenticate.js';

/** Deletes an account, its tokens and its data. Throws `invalid_credentials`. */
export async function unregister(parts: AccountParts, credentials: Credentials): Promise<void> {
  const startedMs = performance.now();
  const account = await authenticate(parts, credentials, startedMs);
  await answerInTime(parts.engine.accounts.erase(account), startedMs, parts.times);
  await parts.limits.forgetAccount(account.username, startedMs + parts.times.answerMs);
}
