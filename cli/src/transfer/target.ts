import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { lstat, open, rename } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { FileHandle } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { CommandError } from '../command/answer.js';
import { writeAt } from './spool.js';

/** Destination of an export. */
export interface Target {
  /** Resolves when more bytes may be written. */
  write(bytes: Buffer): Promise<void>;
  /** Resolves when everything is durable and the file has its name. */
  finish(): Promise<void>;
  /** Closes the target. Without a `finish` before it, no file remains. */
  close(): Promise<void>;
}

/** Writes to a stream, which the caller closes. */
export const inStream = (stream: Writable): Target => ({
  write: (bytes) => new Promise((done, failed) => stream.write(bytes, (error) => (error ? failed(error) : done()))),
  finish: async () => {},
  close: async () => {},
});

/**
 * Creates a new file that only its owner may read, because an export has password hashes. Until it is complete it has a
 * temporary name in the same directory. It is removed when `signal` is aborted. Throws a `CommandError` if `path`
 * exists.
 */
export async function inNewFile(path: string, signal: AbortSignal): Promise<Target> {
  await expectNothingAt(path);
  const partial = `${path}.${randomUUID().slice(0, 8)}.partial`;
  const remove = () => rmSync(partial, { force: true });
  const handle = await open(partial, 'wx', 0o600);
  signal.addEventListener('abort', remove);
  const file = inOpenFile(handle);
  return {
    async write(bytes) {
      signal.throwIfAborted();
      await file.write(bytes);
    },
    async finish() {
      await handle.sync();
      await expectNothingAt(path);
      await rename(partial, path);
      await syncDirectory(dirname(resolve(path)));
    },
    async close() {
      signal.removeEventListener('abort', remove);
      await handle.close();
      remove();
    },
  };
}

/** Writes to a file that stays open and need not be durable. */
export function inOpenFile(handle: FileHandle): Target {
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
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (there) throw new CommandError(`${path} already exists and is not overwritten; '-' is standard output`);
}

/** Makes the names in a directory durable. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  await directory.sync().finally(() => directory.close());
}
