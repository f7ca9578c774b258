import type { AccountMarks } from './account-marks.js';
import type { Database } from '../mongodb/database.js';
import { orUnavailable } from '../../../errors.js';

export interface DisableParts {
  readonly database: Pick<Database, 'users' | 'bounded'>;
  readonly marks: Pick<AccountMarks, 'suspend' | 'endTokens'>;
}

/**
 * Disables an account. After it throws `unavailable`, the account may or may not be disabled.
 *
 *     enabled ──▶ suspended ──▶ disabled ──▶ its tokens ended
 *
 * - suspended: the account is marked for 10 s, and its token records are deleted. From now on a check has to read
 *   MongoDB and fills no record, and writes are refused. If the process dies here, the account is enabled again when
 *   the mark expires.
 * - disabled: the user document says so and has a new generation. In MongoDB no token of an earlier generation is live.
 * - its tokens ended: token records are deleted once more. Redis may have lost the mark, and a record may have been
 *   filled before the user document changed. The mark is removed.
 */
export async function disable(userId: string, now: Date, { database, marks }: DisableParts): Promise<void> {
  await marks.suspend(userId);
  const enabled = { user_id: userId, disabled_at: { $exists: false } };
  const update = { $set: { disabled_at: now }, $inc: { generation: 1 } };
  await orUnavailable(database.users.updateOne(enabled, update, database.bounded));
  await marks.endTokens(userId);
}

/** Enables an account. Its tokens are of earlier generations and stay revoked. Throws `unavailable`. */
export async function enable(userId: string, { database }: Pick<DisableParts, 'database'>): Promise<void> {
  await orUnavailable(database.users.updateOne({ user_id: userId }, { $unset: { disabled_at: 1 } }, database.bounded));
}
