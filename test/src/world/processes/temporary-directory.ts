import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Directories of this process. They are removed at its end, because a stopped server may be started again on its data.
 */
const made = new Set<string>();

process.on('exit', removeTemporaryDirectories);

/** Removes all directories made so far. */
export function removeTemporaryDirectories(): void {
  for (const directory of made) {
    rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
    made.delete(directory);
  }
}

/** Creates an empty directory outside the repository. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'keybin-test-'));
  made.add(directory);
  return directory;
}
