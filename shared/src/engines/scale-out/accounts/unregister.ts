import type { Account } from '../../../ports/engine.js';
import { erasedName } from '../../../ids/erased-name.js';
import { unavailable, orUnavailable } from '../../../errors.js';
import type { AccountMarks } from './account-marks.js';
import type { ErasureRecords } from './erasure-records.js';
import type { EraseJob, PartitionQueue } from '../queue/partition-queue.js';

export interface UnregisterParts {
  readonly marks: AccountMarks;
  readonly erasures: Pick<ErasureRecords, 'put'>;
  /** Deletes the user document, by the account's id. */
  readonly deleteUser: (userId: string) => Promise<void>;
  readonly queueOf: (userId: string) => Pick<PartitionQueue, 'transaction' | 'addTo' | 'add'>;
}

/**
 * Deletes an account. After it throws `unavailable`, the account may or may not be deleted.
 *
 *     open ──▶ closed ──▶ recorded ──▶ gone ──▶ erased
 *
 * - closed: the account is marked for 10 s, and its token records are deleted. From now on a check has to read MongoDB
 *   and fills no record, and writes are refused. If the process dies here, the account is open again when the mark
 *   expires.
 * - recorded: MongoDB has the erasure record. If the process dies here or later, the workers' sweep finishes the
 *   deletion.
 * - gone: the user document is deleted. In MongoDB no token of the account is live, and the name is free.
 * - erased: one step of Redis marks the account for a day, deletes pending entries and token records, and adds the
 *   erase job. Token records are deleted once more because Redis may have lost the first mark, and because a record may
 *   have been filled before the user document was deleted.
 */
export async function unregister(
  { userId, username }: Pick<Account, 'userId' | 'username'>,
  now: Date,
  { marks, erasures, deleteUser, queueOf }: UnregisterParts,
): Promise<void> {
  await marks.close(userId);
  await erasures.put(userId, now, erasedName(username));
  await deleteUser(userId);

  const queue = queueOf(userId);
  const job: EraseJob = { name: 'erase', data: { userId } };
  const transaction = queue.transaction();
  await queue.addTo(transaction, job);
  const { script, keys, args } = marks.eraseCall(userId);
  const answers = await orUnavailable(transaction.evalsha(script.sha, keys.length, ...keys, ...args).exec());
  if (!answers) throw unavailable(new Error('the transaction was discarded'));
  // If Redis does not know the script, only that step of the transaction fails. Both steps may be repeated
  if (answers.at(-1)?.[0]) await marks.erase(userId);
  if (answers.slice(0, -1).some(([error]) => error)) await orUnavailable(queue.add(job));
}
