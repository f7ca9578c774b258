import { invalidToken } from '../../../errors.js';
import type { FileDigest, UploadTarget } from '../../../uploads/leased-upload.js';
import type { StoredFile } from '../../../ports/engine.js';
import { fileLabel } from '../../../ports/file-label.js';
import type { Database } from '../mongodb/database.js';
import { FileChunks } from '../files/file-chunks.js';
import { FileDocuments } from '../files/file-documents.js';
import type { UploadNames } from '../files/file-upload.js';

/**
 * Import of one file: chunks first, document last. Unlike an upload it has no document with a lease meanwhile. A worker
 * would remove such a document, together with the chunks that the next run of the import writes under the same names.
 * The next run overwrites the chunks of a broken run, or they are erased with the account.
 */
export class FileImport implements UploadTarget {
  readonly #chunks: FileChunks;
  readonly #documents: FileDocuments;
  #count = 0;

  constructor(
    database: Database,
    /** Clock of Redis, in µs. */
    private readonly clock: { readonly timeUs: number },
    private readonly names: UploadNames,
  ) {
    this.#chunks = new FileChunks(database);
    this.#documents = new FileDocuments(database);
  }

  async hold({ wantedBytes }: { readonly wantedBytes: number }): Promise<number> {
    return wantedBytes;
  }

  write(block: Uint8Array): Promise<void> {
    return this.#chunks.put(this.names.userId, this.names.id, this.#count++, block);
  }

  /**
   * Stores the document, then checks the account last, as the end of an upload does. Throws `invalid_token` if it is
   * gone.
   */
  async finish(digest: FileDigest): Promise<StoredFile> {
    const { userId, id, name, contentType } = this.names;
    const file = { id, ...fileLabel(name, contentType), ...digest };
    const now = new Date(this.clock.timeUs / 1_000);
    await this.#documents.insertStored(userId, file, now);
    if (await this.#documents.userExists(userId)) return file;
    await this.#documents.remove(id, 'stored', now, true);
    throw invalidToken();
  }

  /** Leaves everything to the next run, because it may be unknown whether the document was stored. */
  async remove(): Promise<void> {}
}
