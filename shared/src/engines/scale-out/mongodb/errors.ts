import { MongoError, MongoServerError, MongoServerSelectionError } from 'mongodb';
import { KeybinError, storageFull, unavailable } from '../../../errors.js';

/**
 * Settles as one operation of the driver or of ioredis does; its failure is an outage. Whether a write that failed thus was
 * done is unknown, unless `isErrorBeforeWrite` says otherwise.
 */
export async function orUnavailable<T>(operation: Promise<T>): Promise<T> {
  try {
    return await operation;
  } catch (error) {
    throw error instanceof KeybinError ? error : unavailable(error);
  }
}

const outOfDiskSpace = 14_031;

/** As `orUnavailable`, but throws `storage_full` where MongoDB has no room. */
export async function orStorageFull<T>(operation: Promise<T>): Promise<T> {
  try {
    return await operation;
  } catch (error) {
    if (error instanceof MongoServerError && error.code === outOfDiskSpace) throw storageFull(error);
    throw error instanceof KeybinError ? error : unavailable(error);
  }
}

export const isDuplicateError = (error: unknown): boolean => error instanceof MongoServerError && error.code === 11_000;

/** Names of errors, of classes that the driver keeps to itself, that come instead of a connection. */
const noConnection = new Set(['MongoWaitQueueTimeoutError', 'MongoPoolClearedError']);

/** Whether a write to MongoDB that failed with `unavailable` certainly was not and will not be done. */
export function isErrorBeforeWrite(error: unknown): boolean {
  const cause = error instanceof KeybinError ? error.cause : error;
  if (cause instanceof MongoServerSelectionError || isDuplicateError(cause)) return true;
  return cause instanceof MongoError && noConnection.has(cause.name);
}

/**
 * Runs an upsert. Of two upserts of one new document one may find the other's there (error 11000) and has then done nothing:
 * it is run once more.
 */
export async function retryDuplicateOnce<T>(upsert: () => Promise<T>): Promise<T> {
  try {
    return await upsert();
  } catch (error) {
    if (isDuplicateError(error)) return orUnavailable(upsert());
    throw unavailable(error);
  }
}
