/** Least bytes that a file takes, even an empty one: a record and a block of the disk. */
const leastBytes = 4_096;

/** First request for room, for an upload of unknown length. Each further request doubles it. */
const firstBytes = 1024 * 1024;
const longestStepBytes = 64 * 1024 * 1024;

/** Upper estimate of multipart overhead. */
const overheadBytes = 64 * 1024;

/**
 * Returns the bytes that a file of this length takes from its account's quota, `[ACCOUNTS] file_bytes_per_account`.
 * `leased-upload.ts` checks how long a file may be, `[LIMITS] file_bytes`.
 */
export const quotaBytesOf = (length: number): number => Math.max(length, leastBytes);

/** Room that an upload asks for. It can use less than it wants, but not less than it needs. */
export interface UploadQuota {
  readonly neededBytes: number;
  readonly wantedBytes: number;
}

/** Returns the first request for room. */
export function firstUploadQuota(atMostBytes: number | undefined, fileLimitBytes: number): UploadQuota {
  if (atMostBytes === undefined)
    return { neededBytes: quotaBytesOf(0), wantedBytes: quotaBytesOf(Math.min(firstBytes, fileLimitBytes)) };
  const neededBytes = quotaBytesOf(Math.min(atMostBytes - overheadBytes, fileLimitBytes));
  return { neededBytes, wantedBytes: Math.max(neededBytes, quotaBytesOf(Math.min(atMostBytes, fileLimitBytes))) };
}

/** Returns the request for room for a file that has `heldBytes` and grows to `length`. */
export function nextUploadQuota(length: number, heldBytes: number, fileLimitBytes: number): UploadQuota {
  const neededBytes = quotaBytesOf(length);
  const stepBytes = Math.min(heldBytes, longestStepBytes);
  return { neededBytes, wantedBytes: Math.max(neededBytes, Math.min(heldBytes + stepBytes, fileLimitBytes)) };
}

/** Returns the granted part of a request for room out of `freeBytes`, or `undefined` if they are not enough. */
export function grantUploadQuota({ neededBytes, wantedBytes }: UploadQuota, freeBytes: number): number | undefined {
  return freeBytes < neededBytes ? undefined : Math.min(wantedBytes, freeBytes);
}
