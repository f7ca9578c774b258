import { randomUUID } from 'node:crypto';
import { closeSync, openSync, rmSync } from 'node:fs';
import { link, lstat, open, rename } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { FileHandle } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { CommandError } from '../command/answer.js';
import type { Context } from '../command/context.js';
import { writeAt } from './spool.js';

/** Destination of an export. */
export interface ExportTarget {
  /** Resolves when more bytes may be written. */
  write(bytes: Buffer): Promise<void>;
  /** Resolves when everything is durable and the file has its name. */
  finish(): Promise<void>;
  /** Closes the target. Without a `finish` before it, no file remains. */
  close(): Promise<void>;
}

/** Writes to a stream, which the caller closes. */
export const inStream = (stream: Writable): ExportTarget => ({
  write: (bytes) => new Promise((done, failed) => stream.write(bytes, (error) => (error ? failed(error) : done()))),
  finish: async () => {},
  close: async () => {},
});

/**
 * Creates a new file that only its owner may read, because an export has password hashes. Until it is complete it has a
 * temporary name in the same directory. A signal that ends the process removes it. Throws a `CommandError` if `path`
 * exists.
 */
export async function inNewFile(path: string, cleanUpAtSignal: Context['cleanUpAtSignal']): Promise<ExportTarget> {
  await expectNothingAt(path);
  const partial = `${path}.${randomUUID().slice(0, 8)}.partial`;
  const remove = () => rmSync(partial, { force: true });
  const release = cleanUpAtSignal(remove);
  const handle = await openNew(partial).catch((error: unknown) => {
    release();
    throw error;
  });
  return {
    ...inOpenFile(handle),
    async finish() {
      await handle.sync();
      await giveName(partial, path);
      remove();
      await syncDirectory(dirname(resolve(path)));
    },
    async close() {
      await handle.close();
      remove();
      release();
    },
  };
}

/** Creates a file, synchronously: a signal in the middle of `open` would remove a file that does not exist yet. */
async function openNew(path: string): Promise<FileHandle> {
  closeSync(openSync(path, 'wx', 0o600));
  return open(path, 'r+');
}

/** Writes to a file that stays open and need not be durable. */
export function inOpenFile(handle: FileHandle): ExportTarget {
  let position = 0;
  return {
    async write(bytes) {
      await writeAt(handle, bytes, position);
      position += bytes.length;
    },
    finish: async () => {},
    close: async () => {},
  };
}

async function expectNothingAt(path: string): Promise<void> {
  const there = await lstat(path).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  });
  if (there) throw alreadyThere(path);
}

/** Gives the file the name `path`, which `partial` may keep beside it. Throws a `CommandError` if `path` exists. */
async function giveName(partial: string, path: string): Promise<void> {
  try {
    // `rename` alone would replace the file of another export
    await link(partial, path).catch(async () => replaceNewFile(partial, path)); // there may be no hard links
  } catch (error) {
    throw hasCode(error, 'EEXIST') ? alreadyThere(path) : error;
  }
}

/** Creates an empty file with the name `path`, and replaces it. Removes it if that fails. */
async function replaceNewFile(partial: string, path: string): Promise<void> {
  closeSync(openSync(path, 'wx', 0o600));
  try {
    await rename(partial, path);
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  }
}

const alreadyThere = (path: string) =>
  new CommandError(`${path} already exists and is not overwritten; '-' is standard output`);

const hasCode = (error: unknown, code: string) => error instanceof Error && 'code' in error && error.code === code;

/** Makes the names in a directory durable. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  await directory.sync().finally(() => directory.close());
}
