import { accountFull, invalidToken, unavailable } from '../../../errors.js';
import { grantUploadQuota, quotaBytesOf, type UploadQuota } from '../../../uploads/upload-quota.js';
import type { FileDigest, UploadTarget } from '../../../uploads/leased-upload.js';
import type { StoredFile } from '../../../ports/engine.js';
import type { TimeBudget } from '../../../time-budget.js';
import type { FileChunks } from './file-chunks.js';
import type { FileDocuments } from './file-documents.js';

export interface FileUploadParts {
  readonly documents: FileDocuments;
  readonly chunks: FileChunks;
  /** Redis's time in µs, which leases are in. */
  readonly clock: { readonly timeUs: number };
  /** For all files of an account. */
  readonly roomBytes: number;
  readonly times: Pick<TimeBudget, 'uploadLeaseMs'>;
}

export interface UploadNames {
  readonly userId: string;
  readonly id: string;
  readonly name: string;
}

/**
 * An upload into GridFS. Room is had by noting it first and adding up afterwards: of two uploads that are short of room together
 * at least the later one sees the other. It may be that both are refused.
 */
export class FileUpload implements UploadTarget {
  #chunks = 0;
  #heldBytes = 0;
  /** An outcome is not known: MongoDB may have, or get, a chunk that it did not confirm. */
  #isUnsure = false;

  private constructor(
    private readonly parts: FileUploadParts,
    private readonly names: UploadNames,
  ) {}

  /** Begins an upload of an account with a live token. What there is is removed, by the sweeper at least, if this throws. */
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

  /** It looks at the account last: one that ended before has its files erased, and one that ends later will. */
  async finish(digest: FileDigest): Promise<StoredFile> {
    const { documents } = this.parts;
    const { id, userId, name } = this.names;
    const finished = await documents.finish(id, digest, quotaBytesOf(digest.length), this.#now());
    if (!finished) throw await this.#whyGone();
    if (await documents.userExists(userId)) return { id, name, ...digest };
    await documents.remove(id, 'stored', this.#now(), true);
    throw invalidToken();
  }

  async remove(): Promise<void> {
    const { documents } = this.parts;
    await documents.remove(this.names.id, 'uploading', this.#now(), !this.#isUnsure).catch(() => {}); // the lease runs out
  }

  /** Makes the room that was noted fit beside the other files of the account; answers how much it is now. */
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
    return isThere ? unavailable(new Error('the lease of the upload has run out')) : invalidToken();
  }

  #now(): Date {
    return new Date(this.parts.clock.timeUs / 1_000);
  }

  #until(): Date {
    return new Date(this.#now().getTime() + this.parts.times.uploadLeaseMs);
  }
}
