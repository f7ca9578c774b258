import { fileTimeUs } from '@keybin/shared/ids/file-id.js';
import type { Engine, StoredFile, Upload } from '@keybin/shared/ports/engine.js';

/** A file as its bytes come. */
export interface IncomingFile {
  readonly name: string;
  readonly bytes: AsyncIterable<Uint8Array>;
}

export interface FileReceiver {
  /** Gives `take` the file that comes, and resolves with its answer when all around the file has come, too. */
  readonly receive: (take: (file: IncomingFile) => Promise<Upload>) => Promise<Upload>;
  /** The file is no longer than this, if that is known. */
  readonly atMostBytes: number | undefined;
  /** Called before anything is received; may throw. */
  readonly countFor: (userId: string) => void;
}

/**
 * Stores what is received. Nothing is left of it if this throws: `invalid_token`, `file_too_large`, `account_full`, what the
 * receiver throws.
 */
export async function storeFile(
  engine: Engine,
  token: string,
  { receive, atMostBytes, countFor }: FileReceiver,
): Promise<StoredFile> {
  countFor(await engine.tokens.check(token));
  let upload: Upload | undefined;
  try {
    const whole = await receive(async ({ name, bytes }) => {
      upload = await engine.files.begin(token, { name, atMostBytes });
      for await (const part of bytes) await upload.write(part);
      return upload;
    });
    return await whole.finish();
  } catch (error) {
    await upload?.abort();
    throw error;
  }
}

/** When its upload began. */
export const createdAt = ({ id }: StoredFile): Date => new Date(fileTimeUs(id) / 1_000);
