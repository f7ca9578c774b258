import type { FileHandle } from 'node:fs/promises';
import type { UploadQuota } from '../../../uploads/upload-quota.js';
import type { FileDigest, UploadTarget } from '../../../uploads/leased-upload.js';
import type { StoredFile } from '../../../ports/engine.js';
import type { FileLabel } from '../../../ports/file-label.js';
import type { FileDirectory } from './file-directory.js';
import type { FileNames, FileRecords } from './file-records.js';
import type { EmbeddedGroupCommit } from '../transactions/group-commit.js';

/** Bytes after which the disk is told to write what it was given, so that little is left for the end. */
const syncBytes = 16 * 1024 * 1024;

export interface FileUploadParts {
  readonly records: FileRecords;
  readonly directory: FileDirectory;
  readonly writes: EmbeddedGroupCommit;
}

/**
 * An upload into a file of the data directory. Its record is on the disk before the file is created. The file and its
 * name are on the disk before the record says that it is finished.
 */
export class FileUpload implements UploadTarget {
  #position = 0;
  #syncedTo = 0;
  #syncing: Promise<void>;

  private constructor(
    private readonly parts: FileUploadParts,
    private readonly names: FileNames,
    private readonly label: FileLabel,
    private readonly handle: FileHandle,
  ) {
    this.#syncing = later(parts.directory.keepName(names.id));
  }

  /**
   * Creates the file of an upload that has its record. Before it throws it removes both, or leaves that to the sweeper.
   */
  static async create(parts: FileUploadParts, names: FileNames, label: FileLabel): Promise<FileUpload> {
    try {
      return new FileUpload(parts, names, label, await parts.directory.create(names.id));
    } catch (error) {
      await forget(parts, names);
      throw error;
    }
  }

  hold(room: UploadQuota): Promise<number> {
    return this.parts.writes.apply(({ nowMs }) => this.parts.records.hold(this.names, room, nowMs));
  }

  async write(block: Uint8Array): Promise<void> {
    await this.parts.directory.run(() => this.#writeAll(block));
    if (this.#position - this.#syncedTo < syncBytes) return;
    await this.#syncing;
    this.#syncedTo = this.#position;
    this.#syncing = later(this.parts.directory.run(() => this.handle.datasync()));
  }

  async finish(digest: FileDigest): Promise<StoredFile> {
    await this.#syncing;
    await this.parts.directory.run(() => this.handle.sync());
    const { number, id } = this.names;
    const file = { id, ...this.label, ...digest };
    const finished = await this.parts.writes.apply(() => this.parts.records.finish(number, file));
    await this.handle.close().catch(() => {});
    return finished;
  }

  async remove(): Promise<void> {
    await this.#syncing.catch(() => {});
    await this.handle.close().catch(() => {});
    await forget(this.parts, this.names);
  }

  async #writeAll(block: Uint8Array): Promise<void> {
    for (let at = 0; at < block.length;) {
      const { bytesWritten } = await this.handle.write(block, at, block.length - at, this.#position);
      at += bytesWritten;
      this.#position += bytesWritten;
    }
  }
}

/** Returns `work` to be awaited later. If it fails earlier, that is no unhandled rejection. */
function later(work: Promise<void>): Promise<void> {
  work.catch(() => {});
  return work;
}

/**
 * Removes an upload unless it is finished. The sweeper removes what cannot be removed now. Bytes go first, because a
 * full disk has no room for a record.
 */
async function forget({ records, directory, writes }: FileUploadParts, names: FileNames): Promise<void> {
  try {
    if (await writes.apply(() => records.isFinished(names))) return;
    await directory.remove(names.id);
    await writes.apply(() => records.forget(names.id));
  } catch {
    // The sweeper removes the upload when its lease has expired
  }
}
