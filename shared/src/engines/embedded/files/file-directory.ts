import { constants } from 'node:fs';
import { chmod, mkdir, open, readdir, stat, unlink, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import pLimit from 'p-limit';
import { withDeadline } from '../../../deadline.js';
import { fileNotFound, KeybinError, storageFull, unavailable } from '../../../errors.js';
import { isFileId } from '../../../ids/file-id.js';
import { exposedBy, type ExposedPath } from '../lmdb/exposed-path.js';

/**
 * Threads that file operations may use at once. Node has four for files and LMDB; one is left to LMDB, however slow the
 * disk is.
 */
const threads = 3;

/** Number of folders. The last two digits of an id, which are random, name its folder. */
const shards = 256;

/**
 * The bytes of files, each in a file of its own below `files` in the data directory. Methods throw `storage_full` if
 * the disk is full, and `unavailable` for other failures.
 */
export class FileDirectory {
  readonly #root: string;
  readonly #threads = pLimit(threads);

  constructor(
    directory: string,
    private readonly timeoutMs: number,
  ) {
    this.#root = join(directory, 'files');
  }

  /** Creates a file. Its name survives a power cut only after `keepName`. */
  async create(id: string): Promise<FileHandle> {
    const path = this.#pathOf(id);
    return this.#opened(async () => {
      const made = await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      for (let at = made; at !== undefined; at = at === dirname(path) ? undefined : dirname(path))
        await sync(dirname(at));
      return open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    });
  }

  keepName(id: string): Promise<void> {
    return this.run(() => sync(dirname(this.#pathOf(id))));
  }

  /** Opens a file for reading. Throws `file_not_found` if its bytes are gone. */
  async open(id: string): Promise<FileHandle> {
    const handle = await this.#opened(() => open(this.#pathOf(id), constants.O_RDONLY).catch(unlessMissing));
    if (!handle) throw fileNotFound(id);
    return handle;
  }

  /** Returns the number of a file's bytes, or `undefined` if they are gone. */
  bytesOf(id: string): Promise<number | undefined> {
    return this.run(async () => (await stat(this.#pathOf(id)).catch(unlessMissing))?.size);
  }

  /** Removes a file. A missing file is no error. */
  async remove(id: string): Promise<void> {
    await this.run(() => unlink(this.#pathOf(id)).catch(unlessMissing));
  }

  /** Returns the ids of the files in one of the folders. Counting `number` up reaches every folder. */
  async shard(number: number): Promise<string[]> {
    const folder = (number % shards).toString(16).padStart(2, '0');
    const names = await this.run(() => readdir(join(this.#root, folder)).catch(unlessMissing));
    return (names ?? []).filter((name) => isFileId(name) && name.endsWith(folder));
  }

  /** Yields the files on which other users of the machine have rights, until `signal` aborts. */
  async *exposed(signal?: AbortSignal): AsyncGenerator<ExposedPath> {
    for (let number = 0; number < shards; number += 1) {
      for (const id of await this.shard(number).catch(() => [])) {
        if (signal?.aborted) return;
        const path = this.#pathOf(id);
        const exposed = await this.run(async () => exposedBy(path, await stat(path))).catch(() => undefined);
        if (exposed) yield exposed;
      }
    }
  }

  /** Takes from other users what rights they have on a file. Returns false if another user owns it. */
  async makePrivate({ path, mode }: ExposedPath): Promise<boolean> {
    return this.run(() => chmod(path, mode & 0o600).catch(unlessMissing)).then(
      () => true,
      () => false,
    );
  }

  /** Runs an operation on a file when a thread is free. */
  run<T>(operation: () => Promise<T>): Promise<T> {
    return this.#inTime(this.#threads(operation));
  }

  /** Opens a file within the timeout. A file that is opened later is closed, because no caller has it. */
  async #opened<T extends FileHandle | undefined>(opening: () => Promise<T>): Promise<T> {
    const opened = this.#threads(opening);
    try {
      return await this.#inTime(opened);
    } catch (error) {
      opened.then((handle) => handle?.close()).catch(() => {});
      throw error;
    }
  }

  async #inTime<T>(operation: Promise<T>): Promise<T> {
    try {
      return await withDeadline(operation, this.timeoutMs, 'the disk');
    } catch (error) {
      throw fileError(error);
    }
  }

  #pathOf(id: string): string {
    return join(this.#root, id.slice(-2), id);
  }
}

/** Syncs a folder, so that its changes survive a power cut. */
async function sync(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const codeOf = (error: unknown) => (error instanceof Error && 'code' in error ? error.code : undefined);

function unlessMissing(error: unknown): undefined {
  if (codeOf(error) !== 'ENOENT') throw error;
}

function fileError(error: unknown): KeybinError {
  if (error instanceof KeybinError) return error;
  return codeOf(error) === 'ENOSPC' || codeOf(error) === 'EDQUOT' ? storageFull(error) : unavailable(error);
}
