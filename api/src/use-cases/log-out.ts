import { withDeadline } from '@keybin/shared/deadline.js';
import { forbidden } from '@keybin/shared/errors.js';
import type { Engine } from '@keybin/shared/ports/engine.js';
import { findAccount, type ViewParts } from './view-account.js';

/** Ends this one token of the account with this name. Throws `invalid_token`, and `forbidden` if it is another account's. */
export function logOut({ engine, times }: ViewParts, token: string, username: string): Promise<void> {
  return withDeadline(endToken(engine, token, username), times.answerMs, 'logging out');
}

async function endToken(engine: Engine, token: string, username: string): Promise<void> {
  const userId = await engine.tokens.check(token);
  const account = await findAccount(engine, username);
  if (account?.userId !== userId) {
    await engine.tokens.check(token); // its account may have ended since, and the name be another's by now
    throw forbidden();
  }
  await engine.tokens.revoke(token);
}
