import type { AccountMarks } from '@keybin/shared/engines/scale-out/accounts/account-marks.js';
import { type ErasureDocument } from '@keybin/shared/engines/scale-out/mongodb/documents.js';
import type { ErasureRecords } from '@keybin/shared/engines/scale-out/accounts/erasure-records.js';
import type { TimeBudget } from '@keybin/shared/time-budget.js';

const erasuresPerSweep = 100;

export type PassTimes = Pick<TimeBudget, 'erasurePassesMs'>;

export interface ErasureParts {
  readonly records: Pick<ErasureRecords, 'due' | 'passed' | 'remove'>;
  readonly marks: Pick<AccountMarks, 'erase'>;
  readonly eraseDocuments: (userId: string) => Promise<void>;
  readonly times: PassTimes;
}

/**
 * Repeats the erasures that are due, from their records in MongoDB:
 *
 * recorded --pass--> erased once --pass, at growing intervals--> ... --pass after `ends_at`--> record removed.
 *
 * Each pass also marks the account and deletes its pending entries. The first pass thus finishes an unregister that
 * died half-way, or that Redis has forgotten. Later passes erase what late batches, given up before, have written to
 * MongoDB. `now` is Redis's time.
 * An erasure that fails because its partition's Redis is down does not hold up the others. The last such error is
 * thrown.
 */
export async function repeatErasures(now: Date, parts: ErasureParts): Promise<void> {
  const { records, marks, times } = parts;
  let failure: { readonly error: unknown } | undefined;
  for (const { _id: userId, ...erasure } of await records.due(now, erasuresPerSweep)) {
    try {
      await marks.erase(userId);
      await parts.eraseDocuments(userId);
      const next = nextPass(erasure, now, times);
      if (next) await records.passed(userId, next);
      else await records.remove(userId);
    } catch (error) {
      failure = { error };
    }
  }
  if (failure) throw failure.error;
}

/** Returns when the pass after this one is due; `undefined` if this was the last. */
export function nextPass(
  { passes, ends_at: endsAt }: Pick<ErasureDocument, 'passes' | 'ends_at'>,
  now: Date,
  { erasurePassesMs }: PassTimes,
): Date | undefined {
  if (now >= endsAt) return undefined;
  const delayMs = erasurePassesMs[passes] ?? erasurePassesMs.at(-1);
  if (delayMs === undefined) return undefined;
  return new Date(Math.min(now.getTime() + delayMs, endsAt.getTime()));
}
