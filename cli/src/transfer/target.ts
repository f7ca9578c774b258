import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { lstat, open, rename } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { FileHandle } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { CommandError } from '../command/answer.js';
import { writeAt } from './spool.js';

/** Where an export goes. */
export interface Target {
  /** Resolves when more may be given. */
  write(bytes: Buffer): Promise<void>;
  /** Resolves when all is durable, and has its name. */
  finish(): Promise<void>;
  /** Without `finish` before it, nothing is left. */
  close(): Promise<void>;
}

/** A stream, which somebody else closes. */
export const inStream = (stream: Writable): Target => ({
  write: (bytes) => new Promise((done, failed) => stream.write(bytes, (error) => (error ? failed(error) : done()))),
  finish: async () => {},
  close: async () => {},
});

/**
 * A new file, which only its owner may read, since an export has password hashes. Until it is complete it has another name beside its own,
 * and it is removed when `signal` is aborted. Throws a `CommandError` if something has its name.
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

/** A file that stays open and need not last. */
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
  if (there) throw new CommandError(`${path} is there already, and stays as it is; '-' is standard output`);
}

/** Makes the names in it durable. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  await directory.sync().finally(() => directory.close());
}
