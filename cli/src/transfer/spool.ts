import { createReadStream } from 'node:fs';
import { mkdtemp, open, rm, stat, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** An export that can be read more than once. */
export interface ExportFile {
  /** Name of the export in errors. */
  readonly name: string;
  /** Reads the export from its beginning. */
  readonly read: () => AsyncIterable<Buffer>;
}

/**
 * Calls `work` with the export in `file`, or on standard input if `file` is '-'. Input that can be read only once, such
 * as a pipe, is copied first.
 */
export async function spoolExport<T>(
  file: string,
  stdin: AsyncIterable<Buffer>,
  work: (file: ExportFile) => Promise<T>,
): Promise<T> {
  if (file === '-') return withCopy('standard input', stdin, work);
  if (!(await stat(file)).isFile()) return withCopy(file, createReadStream(file), work);
  return work({ name: file, read: () => createReadStream(file) });
}

/**
 * Calls `work` with an unnamed file, because the file has password hashes. Nobody else can open it. Nothing of it
 * remains, however the process ends.
 */
export async function withUnnamedFile<T>(work: (handle: FileHandle) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'keybin-')); // only the owner can read it
  let handle: FileHandle;
  try {
    handle = await open(join(directory, 'export'), 'wx+', 0o600);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  try {
    return await work(handle);
  } finally {
    await handle.close();
  }
}

/** Returns the export in an open file, which stays open. */
export function exportIn(handle: FileHandle, name: string): ExportFile {
  return { name, read: () => handle.createReadStream({ autoClose: false, start: 0 }) };
}

/** Writes all bytes. One write may take fewer bytes than it was given. */
export async function writeAt(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, at, bytes.length - at, position + at);
    at += bytesWritten;
  }
}

function withCopy<T>(name: string, input: AsyncIterable<Buffer>, work: (file: ExportFile) => Promise<T>): Promise<T> {
  return withUnnamedFile(async (handle) => {
    let position = 0;
    for await (const piece of input) {
      await writeAt(handle, piece, position);
      position += piece.length;
    }
    return work(exportIn(handle, name));
  });
}
