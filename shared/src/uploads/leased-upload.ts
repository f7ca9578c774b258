import { createHash, type Hash } from 'node:crypto';
import { settledWithin, withDeadline } from '../deadline.js';
import { fileTooLarge, hasCode, unavailable } from '../errors.js';
import { assertInvariant, InvariantError, type InvariantObserver } from '../invariant.js';
import { nextUploadQuota, quotaBytesOf, type UploadQuota } from './upload-quota.js';
import type { StoredFile, Upload } from '../ports/engine.js';
import type { TimeBudget } from '../time-budget.js';
import { unobserved } from '../ports/write-observer.js';

export interface FileDigest {
  readonly length: number;
  /** SHA-256 of the bytes, hexadecimal. */
  readonly sha256: string;
}

/** Destination of an upload to which an engine has given a record with a lease. */
export interface UploadTarget {
  /**
   * Renews the lease. Returns the number of bytes for which there is room now. Throws `account_full`, `invalid_token`,
   * `unavailable`.
   */
  hold(room: UploadQuota): Promise<number>;
  /**
   * Adds a block. All blocks but the last have `blockBytes`. The next block comes only after this one is written, and
   * its memory is then used again.
   */
  write(block: Uint8Array): Promise<void>;
  /** Makes the file durable and readable in one step, if the lease is still valid and the account exists. */
  finish(digest: FileDigest): Promise<StoredFile>;
  /** Removes an upload unless it is finished, or leaves it to the sweeper. Never throws. */
  remove(): Promise<void>;
}

export interface UploadLimits {
  readonly fileBytes: number;
  readonly blockBytes: number;
  /** Bytes for which there is room at first. */
  readonly heldBytes: number;
}

export type UploadTimes = Pick<TimeBudget, 'uploadRenewalMs' | 'uploadRemovalMs'>;

/**
 * Upload into a store:
 *
 *     open --write()*--> open --finish()--> finished: readable
 *       └──abort(), or any failure──▶ ended: its target was told to `remove()`; every later call throws the failure
 *
 * This class checks length and limits, computes SHA-256, and gathers bytes in blocks. It gathers the next block while
 * the store takes one. These two blocks are all the memory of an upload. The lease is renewed whether or not bytes
 * arrive.
 */
export class LeasedUpload implements Upload {
  readonly #hash: Hash = createHash('sha256');
  readonly #renewal: NodeJS.Timeout;
  #length = 0;
  /** Number of bytes given to the store. */
  #passedBytes = 0;
  #heldBytes: number;
  /** Block that is being filled, and block that is being written. */
  #blocks: [Buffer, Buffer];
  #gatheredBytes = 0;
  #writing: Promise<unknown> = Promise.resolve();
  #holding: Promise<unknown> = Promise.resolve();
  #ended: Promise<void> | undefined;
  #failure: unknown;

  constructor(
    private readonly target: UploadTarget,
    private readonly limits: UploadLimits,
    private readonly times: UploadTimes,
    private readonly observer: InvariantObserver = unobserved,
  ) {
    this.#heldBytes = limits.heldBytes;
    this.#blocks = [Buffer.allocUnsafeSlow(limits.blockBytes), Buffer.allocUnsafeSlow(limits.blockBytes)];
    this.#renewal = setInterval(() => this.#renew(), times.uploadRenewalMs).unref();
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#orEnd(() => this.#write(bytes));
  }

  finish(): Promise<StoredFile> {
    return this.#orEnd(async () => {
      if (this.#gatheredBytes > 0) await this.#pass();
      await this.#writing;
      this.#refuseIfEnded();
      assertInvariant(this.#passedBytes === this.#length, 'upload_is_whole', this.observer);
      const finished = this.target.finish({ length: this.#length, sha256: this.#hash.digest('hex') });
      this.#writing = finished;
      const file = await finished;
      clearInterval(this.#renewal);
      this.#failure = new Error('the upload has already finished');
      this.#ended = Promise.resolve();
      return file;
    });
  }

  abort(): Promise<void> {
    return this.#end(unavailable(new Error('the upload was aborted')));
  }

  async #write(bytes: Uint8Array): Promise<void> {
    const length = this.#length + bytes.length;
    if (length > this.limits.fileBytes) throw fileTooLarge(this.limits.fileBytes);
    if (quotaBytesOf(length) > this.#heldBytes)
      await this.#hold(nextUploadQuota(length, this.#heldBytes, this.limits.fileBytes));
    this.#hash.update(bytes);
    this.#length = length;
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + this.limits.blockBytes - this.#gatheredBytes);
      this.#blocks[0].set(part, this.#gatheredBytes);
      this.#gatheredBytes += part.length;
      at += part.length;
      if (this.#gatheredBytes === this.limits.blockBytes) await this.#pass();
    }
  }

  /** Gives the gathered block to the store as soon as the store has taken the one before. */
  async #pass(): Promise<void> {
    await this.#writing;
    this.#refuseIfEnded();
    const block = this.#blocks[0].subarray(0, this.#gatheredBytes);
    this.#blocks.reverse();
    this.#gatheredBytes = 0;
    this.#passedBytes += block.length;
    this.#writing = this.target.write(block);
    this.#writing.catch(() => {}); // the next one to wait for it gets the error
  }

  /** Asks for room, one call after the other. Each asks for what the one before got, or more. */
  async #hold(room: UploadQuota): Promise<void> {
    const before = this.#holding;
    const hold = async () => {
      await before;
      const heldBytes = await this.target.hold(room);
      assertInvariant(heldBytes >= room.neededBytes, 'upload_room_granted', this.observer);
      this.#heldBytes = heldBytes;
    };
    const held = hold();
    this.#holding = held.catch(() => {});
    await held;
  }

  /** Renews the lease. If the store is down, the upload continues: the store may be back before the lease expires. */
  #renew(): void {
    const room = () => ({ neededBytes: this.#heldBytes, wantedBytes: this.#heldBytes });
    const renewed = this.#holding.then(() => (this.#ended ? undefined : this.#hold(room())));
    renewed.catch((error: unknown) => {
      if (!hasCode(error, 'unavailable') || error instanceof InvariantError) void this.#end(error);
    });
  }

  async #orEnd<T>(step: () => Promise<T>): Promise<T> {
    this.#refuseIfEnded();
    try {
      return await step();
    } catch (error) {
      await this.#end(error);
      throw this.#failure;
    }
  }

  #refuseIfEnded(): void {
    if (this.#ended) throw this.#failure;
  }

  #end(failure: unknown): Promise<void> {
    this.#failure ??= failure;
    this.#ended ??= settledWithin(this.#remove(), this.times.uploadRemovalMs);
    return this.#ended;
  }

  /** Removes the upload after the steps in flight have ended: they must not put back what is removed. */
  async #remove(): Promise<void> {
    clearInterval(this.#renewal);
    await this.#writing.catch(() => {});
    await this.#holding;
    await this.target.remove();
  }
}

/**
 * Settles as `begun` does, or throws `unavailable` after `timeoutMs`. An upload that begins later is aborted, because
 * nobody else would end it.
 */
export async function startedInTime(begun: Promise<Upload>, timeoutMs: number): Promise<Upload> {
  try {
    return await withDeadline(begun, timeoutMs, 'starting an upload');
  } catch (error) {
    begun.then((upload) => upload.abort()).catch(() => {});
    throw error;
  }
}
