import { statfs } from 'node:fs/promises';
import { KeybinError, storageFull, unavailable } from '../../../errors.js';

const mapFull = -30_792;
const noSpace = 28;
const overQuota = 122;
const ioError = 5;

/** Free bytes of a file system below which an input/output error means that the disk is full. */
const leastRoomBytes = 64 * 2 ** 20;

/**
 * Returns Keybin's error for one with which LMDB refused a transaction. LMDB reports a write that a full disk cut short
 * as an input/output error. The free space decides which of the two it was.
 */
export async function writeError(error: unknown, directory: string): Promise<KeybinError> {
  if (error instanceof KeybinError) return error;
  const cause = await causeOf(error);
  const code = (cause as { code?: unknown } | undefined)?.code; // native errors carry LMDB's or the system's number
  if (code === mapFull || code === noSpace || code === overQuota) return storageFull(cause);
  if (code === ioError && (await roomBytes(directory)) < leastRoomBytes) return storageFull(cause);
  return unavailable(cause);
}

/**
 * Returns the error behind lmdb's 'Commit failed', which comes as a promise in `commitError`. This promise must be
 * awaited in any case: its rejection would end the process.
 */
async function causeOf(error: unknown): Promise<unknown> {
  if (!(error instanceof Error && 'commitError' in error)) return error;
  try {
    await error.commitError;
    return error;
  } catch (cause) {
    return cause;
  }
}

async function roomBytes(directory: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  } catch {
    return Infinity;
  }
}
