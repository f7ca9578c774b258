import { hasCode } from '../errors.js';
import type { LeasedUpload } from '../uploads/leased-upload.js';
import type { ChunkRecord } from '../ports/transfer-records.js';
import type { Tally } from './tally.js';

/** Writes an imported file and counts it. A file whose account is deleted meanwhile counts as skipped. */
export async function writeChunks(
  upload: LeasedUpload,
  chunks: AsyncIterable<ChunkRecord>,
  tally: Tally,
): Promise<void> {
  try {
    for await (const { bytes } of chunks) await upload.write(bytes);
    await upload.finish();
    tally.files += 1;
  } catch (error) {
    await upload.abort();
    if (!hasCode(error, 'invalid_token')) throw error;
    tally.skipped += 1; // the account is gone
  }
}
