import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { Checker } from '@keybin/shared/transfer/checker.js';
import { BadLine, printHead } from '@keybin/shared/transfer/lines.js';
import { linesOf } from '@keybin/shared/transfer/read-lines.js';
import { CommandError } from '../answer.js';
import { writeAt } from './spool.js';

/** Where an export goes. */
export interface Target {
  /** What is there already, from an export that was broken off. Throws a `CommandError` if there is something else. */
  begin(): Promise<Checker>;
  /** Resolves when more may be given. */
  write(bytes: Buffer): Promise<void>;
  /** Resolves when all is durable. */
  finish(): Promise<void>;
  close(): Promise<void>;
}

/** A stream, which somebody else closes. */
export const inStream = (stream: Writable): Target => ({
  begin: async () => new Checker(),
  write: (bytes) => new Promise((done, failed) => stream.write(bytes, (error) => (error ? failed(error) : done()))),
  finish: async () => {},
  close: async () => {},
});

/** A file that only its owner may read: there are password hashes in it. */
export function inFile(path: string): Target {
  let handle: FileHandle | undefined;
  let position = 0;
  const opened = async () => (handle ??= await open(path, constants.O_RDWR | constants.O_CREAT, 0o600));
  return {
    async begin() {
      const file = await opened();
      if (!(await file.stat()).isFile()) throw new CommandError(`${path} is no file; '-' is standard output`);
      const { checker, bytes } = await existing(file, path);
      position = bytes;
      await file.truncate(bytes); // a line that was broken off
      if (bytes === 0) await file.chmod(0o600); // it may have been made by somebody else
      return checker;
    },
    async write(bytes) {
      const file = await opened();
      const { size } = await file.stat();
      if (size !== position) throw new CommandError(`${path} is written by somebody else: is there another export?`);
      await writeAt(file, bytes, position);
      position += bytes.length;
    },
    async finish() {
      await (await opened()).sync();
      const directory = await open(dirname(resolve(path)), constants.O_RDONLY);
      await directory.sync().finally(() => directory.close());
    },
    async close() {
      await handle?.close();
    },
  };
}

/** A file that nobody else can open, and that need not last. It stays open. */
export function inUnnamedFile(handle: FileHandle): Target {
  let position = 0;
  return {
    begin: async () => new Checker(),
    async write(bytes) {
      await writeAt(handle, bytes, position);
      position += bytes.length;
    },
    finish: async () => {},
    close: async () => {},
  };
}

async function existing(handle: FileHandle, path: string): Promise<{ checker: Checker; bytes: number }> {
  const checker = new Checker();
  let bytes = 0;
  for await (const { lines } of linesOf(handle.createReadStream({ autoClose: false, start: 0 }))) {
    for (const line of lines) {
      try {
        checker.next(line);
      } catch (error) {
        if (!(error instanceof BadLine)) throw error;
        throw new CommandError(`${path} stays as it is: line ${checker.lines + 1}: ${error.message}`);
      }
      bytes += line.length + 1;
    }
  }
  if (checker.end) throw new CommandError(`${path} is a complete export already, and stays as it is`);
  if (checker.lines === 0 && !(await mayBegin(handle)))
    throw new CommandError(`${path} is no export, and stays as it is`);
  return { checker, bytes };
}

/** Whether a file without a whole line may be the beginning of an export. */
async function mayBegin(handle: FileHandle): Promise<boolean> {
  const head = Buffer.from(printHead(''));
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(headBytes), 0, headBytes, 0);
  return buffer.subarray(0, bytesRead).equals(head.subarray(0, bytesRead));
}

/** What all exports begin with, whatever their source. */
const headBytes = '{"type":"keybin"'.length;
