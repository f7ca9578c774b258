import { accountFull, invalidToken, unavailable } from '../../../errors.js';
import { grantUploadQuota, quotaBytesOf, type UploadQuota } from '../../../uploads/upload-quota.js';
import type { FileDigest, UploadTarget } from '../../../uploads/leased-upload.js';
import type { StoredFile } from '../../../ports/engine.js';
import { fileLabel, type FileLabel } from '../../../ports/file-label.js';
import type { TimeBudget } from '../../../time-budget.js';
import type { FileChunks } from './file-chunks.js';
import type { FileDocuments } from './file-documents.js';

export interface FileUploadParts {
  readonly documents: FileDocuments;
  readonly chunks: FileChunks;
  /** Redis's time in µs, the time of leases. */
  readonly clock: { readonly timeUs: number };
  /** Quota of an account for all its files. */
  readonly roomBytes: number;
  readonly times: Pick<TimeBudget, 'uploadLeaseMs'>;
}

export interface UploadNames extends FileLabel {
  readonly userId: string;
  readonly id: string;
}

/**
 * An upload into GridFS. It first records the bytes that it reserves, and then adds up what the account has reserved.
 * So of two uploads that together exceed the quota, at least the later one sees the other. Both may be refused.
 */
export class FileUpload implements UploadTarget {
  #chunks = 0;
  #heldBytes = 0;
  /** True if a write failed: MongoDB may have, or still get, a chunk that it did not confirm. */
  #isUnsure = false;

  private constructor(
    private readonly parts: FileUploadParts,
    private readonly names: UploadNames,
  ) {}

  /**
   * Begins an upload of an account with a live token. If this throws, the upload is removed, by the sweeper at the
   * latest.
   */
  static async begin(
    parts: FileUploadParts,
    names: UploadNames,
    room: UploadQuota,
  ): Promise<{ readonly target: FileUpload; readonly heldBytes: number }> {
    const target = new FileUpload(parts, names);
    await parts.documents.insert({ ...names, roomBytes: room.wantedBytes, until: target.#until() });
    try {
      return { target, heldBytes: await target.#fit(room) };
    } catch (error) {
      await target.remove();
      throw error;
    }
  }

  async hold(room: UploadQuota): Promise<number> {
    await this.#note(room.wantedBytes);
    return room.wantedBytes > this.#heldBytes ? this.#fit(room) : this.#heldBytes;
  }

  async write(block: Uint8Array): Promise<void> {
    const n = this.#chunks++;
    try {
      await this.parts.chunks.insert(this.names.userId, this.names.id, n, block);
    } catch (error) {
      this.#isUnsure = true;
      throw error;
    }
  }

  /**
   * Finishes the upload and checks the account last. If the account was deleted before, the file is removed here. If it
   * is deleted later, its erasure removes the file.
   */
  async finish(digest: FileDigest): Promise<StoredFile> {
    const { documents } = this.parts;
    const { id, userId, name, contentType } = this.names;
    const finished = await documents.finish(id, digest, quotaBytesOf(digest.length), this.#now());
    if (!finished) throw await this.#whyGone();
    if (await documents.userExists(userId)) return { id, ...fileLabel(name, contentType), ...digest };
    await documents.remove(id, 'stored', this.#now(), true);
    throw invalidToken();
  }

  async remove(): Promise<void> {
    const { documents } = this.parts;
    // If this fails, the lease expires
    await documents.remove(this.names.id, 'uploading', this.#now(), !this.#isUnsure).catch(() => {});
  }

  /**
   * Reduces the reservation to what the account's other files leave free, and resolves with its bytes. Throws
   * `account_full` if that is too little.
   */
  async #fit(room: UploadQuota): Promise<number> {
    const { documents, roomBytes } = this.parts;
    const othersBytes = (await documents.roomOf(this.names.userId)) - room.wantedBytes;
    const granted = grantUploadQuota(room, roomBytes - othersBytes);
    if (granted === undefined) throw accountFull(roomBytes);
    if (granted < room.wantedBytes) await this.#note(granted);
    this.#heldBytes = granted;
    return granted;
  }

  async #note(roomBytes: number): Promise<void> {
    if (!(await this.parts.documents.hold(this.names.id, roomBytes, this.#until()))) throw await this.#whyGone();
  }

  async #whyGone(): Promise<Error> {
    const isThere = await this.parts.documents.userExists(this.names.userId);
    return isThere ? unavailable(new Error('the lease of the upload has expired')) : invalidToken();
  }

  #now(): Date {
    return new Date(this.parts.clock.timeUs / 1_000);
  }

  #until(): Date {
    return new Date(this.#now().getTime() + this.parts.times.uploadLeaseMs);
  }
}
