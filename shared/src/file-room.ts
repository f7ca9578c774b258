/** A record and a block of the disk: so much even an empty file takes. */
const leastBytes = 4_096;

/** What the first hold of an upload of unknown length asks for; each further one doubles it. */
const firstBytes = 1024 * 1024;
const longestStepBytes = 64 * 1024 * 1024;

/** Of a request that carries a file, what is not the file: more than this it hardly is. */
const overheadBytes = 64 * 1024;

/** What a file of this length counts for in the room of its account. */
export const roomOf = (length: number): number => Math.max(length, leastBytes);

/** Room that an upload asks for: it can use less than it wants, but no less than it needs. */
export interface Room {
  readonly neededBytes: number;
  readonly wantedBytes: number;
}

/** What to ask for at first. */
export function firstRoom(atMostBytes: number | undefined, fileLimitBytes: number): Room {
  if (atMostBytes === undefined)
    return { neededBytes: roomOf(0), wantedBytes: roomOf(Math.min(firstBytes, fileLimitBytes)) };
  const neededBytes = roomOf(Math.min(atMostBytes - overheadBytes, fileLimitBytes));
  return { neededBytes, wantedBytes: Math.max(neededBytes, roomOf(Math.min(atMostBytes, fileLimitBytes))) };
}

/** What to ask for when a file that has room for `heldBytes` grows to `length`. */
export function nextRoom(length: number, heldBytes: number, fileLimitBytes: number): Room {
  const neededBytes = roomOf(length);
  const stepBytes = Math.min(heldBytes, longestStepBytes);
  return { neededBytes, wantedBytes: Math.max(neededBytes, Math.min(heldBytes + stepBytes, fileLimitBytes)) };
}

/** How much of `room` can be had where `freeBytes` are free; `undefined`: not enough. */
export function grant({ neededBytes, wantedBytes }: Room, freeBytes: number): number | undefined {
  return freeBytes < neededBytes ? undefined : Math.min(wantedBytes, freeBytes);
}
