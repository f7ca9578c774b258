import { MongoError, MongoServerError, MongoServerSelectionError } from 'mongodb';
import { KeybinError, orUnavailable, storageFull, unavailable } from '../../../errors.js';

const outOfDiskSpace = 14_031;

/** Does the same as `orUnavailable`, but throws `storage_full` if MongoDB's disk is full. */
export function orStorageFull<T>(operation: Promise<T>): Promise<T> {
  return orUnavailable(
    operation.catch((error: unknown) => {
      throw error instanceof MongoServerError && error.code === outOfDiskSpace ? storageFull(error) : error;
    }),
  );
}

export const isDuplicateError = (error: unknown): boolean => error instanceof MongoServerError && error.code === 11_000;

/** Names of the errors that come instead of a connection. The driver does not export their classes. */
const noConnection = new Set(['MongoWaitQueueTimeoutError', 'MongoPoolClearedError']);

/** Returns true if a write to MongoDB that failed with `unavailable` certainly was not done and will not be. */
export function isErrorBeforeWrite(error: unknown): boolean {
  const cause = error instanceof KeybinError ? error.cause : error;
  if (cause instanceof MongoServerSelectionError || isDuplicateError(cause)) return true;
  return cause instanceof MongoError && noConnection.has(cause.name);
}

/**
 * Runs an upsert, and once more if it fails with a duplicate (error 11000). If two upserts of one new document run at
 * once, one may find the other's document. It has then done nothing.
 */
export async function retryDuplicateOnce<T>(upsert: () => Promise<T>): Promise<T> {
  try {
    return await upsert();
  } catch (error) {
    if (isDuplicateError(error)) return orUnavailable(upsert());
    throw unavailable(error);
  }
}
