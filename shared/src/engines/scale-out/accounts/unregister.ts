import type { Account } from '../../../ports/engine.js';
import { erasedName } from '../../../ids/erased-name.js';
import { unavailable } from '../../../errors.js';
import type { AccountMarks } from './account-marks.js';
import type { ErasureRecords } from './erasure-records.js';
import { orUnavailable } from '../mongodb/errors.js';
import type { EraseJob, PartitionQueue } from '../queue/partition-queue.js';

export interface UnregisterParts {
  readonly marks: AccountMarks;
  readonly erasures: Pick<ErasureRecords, 'put'>;
  /** Deletes the user document by the account's id. */
  readonly deleteUser: (userId: string) => Promise<void>;
  readonly queueOf: (userId: string) => Pick<PartitionQueue, 'transaction' | 'addTo' | 'add'>;
}

/**
 * Ends an account. Throws `unavailable`, after which it may be ended or not.
 *
 *     open ──▶ closed ──▶ recorded ──▶ gone ──▶ erased
 *
 * - closed: marked for 10 s, its token records deleted. A check has to look at MongoDB from now on and fills nothing; writes
 *   are not accepted. What dies here leaves an account that is open again when the mark runs out.
 * - recorded: MongoDB has the erasure record. What dies here or later is finished by the workers' sweep.
 * - gone: the user document is deleted. No token of the account is live by MongoDB, and the name is free.
 * - erased: in one step of Redis marked for a day, pending entries and token records deleted (once more: Redis may have lost
 *   the first mark, and a record may have been filled before the user document went), erase job added.
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
  // A script that Redis did not know fails alone within a transaction, and both steps may be repeated
  if (answers.at(-1)?.[0]) await marks.erase(userId);
  if (answers.slice(0, -1).some(([error]) => error)) await orUnavailable(queue.add(job));
}
