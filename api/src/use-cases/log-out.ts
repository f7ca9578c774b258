import { withDeadline } from '@keybin/shared/deadline.js';
import { forbidden } from '@keybin/shared/errors.js';
import type { Engine } from '@keybin/shared/ports/engine.js';
import { findAccount, type ViewParts } from './view-account.js';

/**
 * Revokes this token of the account with this name. Throws `invalid_token`, and `forbidden` if it belongs to another
 * account.
 */
export function logOut({ engine, times }: ViewParts, token: string, username: string): Promise<void> {
  return withDeadline(endToken(engine, token, username), times.answerMs, 'logging out');
}

async function endToken(engine: Engine, token: string, username: string): Promise<void> {
  const userId = await engine.tokens.check(token);
  const account = await findAccount(engine, username);
  if (account?.userId !== userId) {
    await engine.tokens.check(token); // the account may have been deleted since, and its name taken
    throw forbidden();
  }
  await engine.tokens.revoke(token);
}
