import type { AccountMarks } from './account-marks.js';
import type { Database } from '../mongodb/database.js';
import { orUnavailable } from '../mongodb/errors.js';

export interface DisableParts {
  readonly database: Pick<Database, 'users' | 'bounded'>;
  readonly marks: Pick<AccountMarks, 'suspend' | 'endTokens'>;
}

/**
 * Disables an account. Throws `unavailable`, after which it may be disabled or not.
 *
 *     enabled ──▶ suspended ──▶ disabled ──▶ its tokens ended
 *
 * - suspended: marked for 10 s, its token records deleted. A check has to look at MongoDB from now on and fills nothing; writes
 *   are not accepted. What dies here leaves an account that is enabled again when the mark runs out.
 * - disabled: the user document says so, in a new generation. No token of an earlier one is live by MongoDB.
 * - its tokens ended: records deleted once more, for Redis may have lost the mark, and a record may have been filled before the
 *   user document changed. The mark is lifted.
 */
export async function disable(userId: string, now: Date, { database, marks }: DisableParts): Promise<void> {
  await marks.suspend(userId);
  const enabled = { user_id: userId, disabled_at: { $exists: false } };
  const update = { $set: { disabled_at: now }, $inc: { generation: 1 } };
  await orUnavailable(database.users.updateOne(enabled, update, database.bounded));
  await marks.endTokens(userId);
}

/** Its tokens are of earlier generations and stay dead. Throws `unavailable`. */
export async function enable(userId: string, { database }: Pick<DisableParts, 'database'>): Promise<void> {
  await orUnavailable(database.users.updateOne({ user_id: userId }, { $unset: { disabled_at: 1 } }, database.bounded));
}
