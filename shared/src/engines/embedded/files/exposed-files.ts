import type { Log } from '../../../process/log.js';
import type { ExposedPath } from '../lmdb/exposed-path.js';
import type { FileDirectory } from './file-directory.js';

/** Paths that a line of the log names. */
const mostNamed = 20;

/**
 * Takes from other users what rights they have on uploaded files, in the background: there may be a great many. Ends
 * when `signal` aborts. Never throws.
 */
export async function closeExposedFiles(directory: FileDirectory, log: Log, signal: AbortSignal): Promise<void> {
  const left: ExposedPath[] = [];
  for await (const file of directory.exposed(signal)) {
    if (!(await directory.makePrivate(file))) left.push(file);
  }
  if (!signal.aborted) warnOfExposed(left, log);
}

/** Logs a warning about paths on which other users have rights that this process may not take. */
export function warnOfExposed(paths: readonly ExposedPath[], log: Log): void {
  if (paths.length === 0) return;
  const named = paths.slice(0, mostNamed).map(({ path, mode }) => `${path} (${mode.toString(8)})`);
  log.warn(
    { paths: named, count: paths.length },
    'Other users can access files of the store, and this process may not change that: see keybin doctor',
  );
}
