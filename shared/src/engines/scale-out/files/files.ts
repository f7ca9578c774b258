import { deadlineIn, remainingMs, withDeadline } from '../../../deadline.js';
import { fileNotFound, forbidden, invalidToken } from '../../../errors.js';
import { isFileId, newFileId } from '../../../ids/file-id.js';
import { firstUploadQuota } from '../../../uploads/upload-quota.js';
import type { InvariantObserver } from '../../../invariant.js';
import { startedInTime, LeasedUpload, type UploadTimes } from '../../../uploads/leased-upload.js';
import type { ByteRange, FilePage, Files, NewFile, OpenFile, PageRequest, Upload } from '../../../ports/engine.js';
import type { TimeBudget } from '../../../time-budget.js';
import type { Bearer, Bearers } from '../tokens/bearer.js';
import { chunkBytes } from './file-documents.js';
import { FileUpload, type FileUploadParts } from './file-upload.js';

/**
 * Files of the scale-out engine, in GridFS. Each method checks the token first, by its record in Redis or else by
 * MongoDB.
 */
export class ScaleOutFiles implements Files {
  constructor(
    private readonly bearers: Bearers,
    private readonly parts: FileUploadParts & {
      readonly times: UploadTimes & Pick<TimeBudget, 'answerMs'>;
      readonly observer: InvariantObserver;
    },
    private readonly fileLimitBytes: number,
  ) {}

  begin(token: string, file: NewFile): Promise<Upload> {
    return startedInTime(this.#begin(token, file), this.parts.times.answerMs);
  }

  async open(token: string, id: string): Promise<OpenFile> {
    const deadlineMs = deadlineIn(this.parts.times.answerMs);
    const { userId } = await this.#bearer(token, deadlineMs);
    const file = await withDeadline(this.#find(userId, id), remainingMs(deadlineMs), 'finding a file');
    return { userId, file, read: (range) => this.#read(userId, id, range) };
  }

  async list(token: string, { limit, after }: PageRequest): Promise<FilePage> {
    const deadlineMs = deadlineIn(this.parts.times.answerMs);
    const { userId } = await this.#bearer(token, deadlineMs);
    const listed = this.parts.documents.list(userId, after, limit + 1); // one extra tells if there are more
    const found = await withDeadline(listed, remainingMs(deadlineMs), 'listing files');
    return { files: found.slice(0, limit), more: found.length > limit };
  }

  async delete(token: string, id: string): Promise<void> {
    const deadlineMs = deadlineIn(this.parts.times.answerMs);
    const { userId } = await this.#bearer(token, deadlineMs);
    await withDeadline(this.#delete(userId, id), remainingMs(deadlineMs), 'deleting a file');
  }

  async #begin(token: string, { atMostBytes, ...label }: NewFile): Promise<Upload> {
    const { userId } = await this.#bearer(token, deadlineIn(this.parts.times.answerMs));
    const id = newFileId(this.parts.clock.timeUs);
    const room = firstUploadQuota(atMostBytes, this.fileLimitBytes);
    const { target, heldBytes } = await FileUpload.begin(this.parts, { userId, id, ...label }, room);
    const limits = { fileBytes: this.fileLimitBytes, blockBytes: chunkBytes, heldBytes };
    return new LeasedUpload(target, limits, this.parts.times, this.parts.observer);
  }

  async #find(userId: string, id: string) {
    const found = isFileId(id) ? await this.parts.documents.find(id) : undefined;
    if (!found) throw fileNotFound(id);
    if (found.userId !== userId) throw forbidden();
    return found.file;
  }

  async #delete(userId: string, id: string): Promise<void> {
    await this.#find(userId, id);
    const now = new Date(this.parts.clock.timeUs / 1_000);
    if (!(await this.parts.documents.remove(id, 'stored', now, true))) throw fileNotFound(id);
  }

  /**
   * Reads one chunk after another, each only while the account exists. No cursor is open, because it would time out
   * behind a slow client.
   */
  async *#read(userId: string, id: string, { start, end }: ByteRange): AsyncGenerator<Uint8Array> {
    const partFrom = async (at: number): Promise<Uint8Array> => {
      const n = Math.floor(at / chunkBytes);
      const deadlineMs = deadlineIn(this.parts.times.answerMs);
      const exists = withDeadline(
        this.parts.documents.userExists(userId),
        remainingMs(deadlineMs),
        'finding an account',
      );
      const [chunk, isThere] = await Promise.all([this.parts.chunks.find(userId, id, n, deadlineMs), exists]);
      if (!isThere) throw invalidToken();
      const part = chunk.subarray(at - n * chunkBytes, end - n * chunkBytes);
      if (part.length === 0) throw new Error(`chunk ${n} of file ${id} is shorter than recorded`);
      return part;
    };
    let next: Promise<Uint8Array> | undefined = start < end ? partFrom(start) : undefined;
    for (let at = start; next;) {
      const part: Uint8Array = await next;
      at += part.length;
      next = at < end ? partFrom(at) : undefined; // read while the client takes this one
      next?.catch(() => {}); // the caller may stop before it asks for this one
      yield part;
    }
  }

  async #bearer(token: string, deadlineMs: number): Promise<Bearer> {
    const bearer = await withDeadline(
      Promise.resolve(this.bearers.resolve(token)),
      remainingMs(deadlineMs),
      'finding a token',
    );
    await withDeadline(this.bearers.verify(bearer), remainingMs(deadlineMs), 'verifying a token');
    return bearer;
  }
}
