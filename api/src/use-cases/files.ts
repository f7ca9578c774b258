import { fileTimeUs } from '@keybin/shared/ids/file-id.js';
import type { Engine, StoredFile, Upload } from '@keybin/shared/ports/engine.js';
import type { FileLabel } from '@keybin/shared/ports/file-label.js';

/** File whose bytes are read as they arrive. */
export interface IncomingFile extends FileLabel {
  readonly bytes: AsyncIterable<Uint8Array>;
}

export interface FileReceiver {
  /** Gives `take` the file that arrives. Resolves with its result once everything around the file has arrived, too. */
  readonly receive: (take: (file: IncomingFile) => Promise<Upload>) => Promise<Upload>;
  /** Upper bound of the length of the file, if one is known. */
  readonly atMostBytes: number | undefined;
  /** Counts the upload for its account before anything is received. May throw. */
  readonly countFor: (userId: string) => void;
}

/**
 * Stores the file that is received. Leaves nothing behind if it throws: `invalid_token`, `file_too_large`,
 * `account_full`, or an error of the receiver.
 */
export async function storeFile(
  engine: Engine,
  token: string,
  { receive, atMostBytes, countFor }: FileReceiver,
): Promise<StoredFile> {
  countFor(await engine.tokens.check(token));
  let upload: Upload | undefined;
  try {
    const whole = await receive(async ({ bytes, ...label }) => {
      upload = await engine.files.begin(token, { ...label, atMostBytes });
      for await (const part of bytes) await upload.write(part);
      return upload;
    });
    return await whole.finish();
  } catch (error) {
    await upload?.abort();
    throw error;
  }
}

/** Returns the time at which the upload of a file began. */
export const createdAt = ({ id }: StoredFile): Date => new Date(fileTimeUs(id) / 1_000);
