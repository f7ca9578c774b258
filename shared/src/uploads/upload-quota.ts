/** A record and a block of the disk: so much even an empty file takes. */
const leastBytes = 4_096;

/** What the first hold of an upload of unknown length asks for; each further one doubles it. */
const firstBytes = 1024 * 1024;
const longestStepBytes = 64 * 1024 * 1024;

/** Of a request that carries a file, what is not the file: more than this it hardly is. */
const overheadBytes = 64 * 1024;

/** What a file of this length counts for in the room of its account. */
export const quotaBytesOf = (length: number): number => Math.max(length, leastBytes);

/** Room that an upload asks for: it can use less than it wants, but no less than it needs. */
export interface UploadQuota {
  readonly neededBytes: number;
  readonly wantedBytes: number;
}

/** What to ask for at first. */
export function firstUploadQuota(atMostBytes: number | undefined, fileLimitBytes: number): UploadQuota {
  if (atMostBytes === undefined)
    return { neededBytes: quotaBytesOf(0), wantedBytes: quotaBytesOf(Math.min(firstBytes, fileLimitBytes)) };
  const neededBytes = quotaBytesOf(Math.min(atMostBytes - overheadBytes, fileLimitBytes));
  return { neededBytes, wantedBytes: Math.max(neededBytes, quotaBytesOf(Math.min(atMostBytes, fileLimitBytes))) };
}

/** What to ask for when a file that has room for `heldBytes` grows to `length`. */
export function nextUploadQuota(length: number, heldBytes: number, fileLimitBytes: number): UploadQuota {
  const neededBytes = quotaBytesOf(length);
  const stepBytes = Math.min(heldBytes, longestStepBytes);
  return { neededBytes, wantedBytes: Math.max(neededBytes, Math.min(heldBytes + stepBytes, fileLimitBytes)) };
}

/** How much of `room` can be had where `freeBytes` are free; `undefined`: not enough. */
export function grantUploadQuota({ neededBytes, wantedBytes }: UploadQuota, freeBytes: number): number | undefined {
  return freeBytes < neededBytes ? undefined : Math.min(wantedBytes, freeBytes);
}
