import { statfs } from 'node:fs/promises';
import { KeybinError, storageFull, unavailable } from '../../../errors.js';

const mapFull = -30_792;
const noSpace = 28;
const overQuota = 122;
const ioError = 5;

/** A file system with less room than this is called full when a write to it failed. */
const leastRoomBytes = 64 * 2 ** 20;

/**
 * Keybin's error for one with which LMDB refused a transaction. LMDB reports a write that was cut short by a full disk as an
 * input/output error, so the room that is left decides which of both it was.
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
 * The error behind lmdb's 'Commit failed', which comes as a promise beside it. That promise must be looked at in any case:
 * its rejection would end the process.
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
