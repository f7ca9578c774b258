import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The names of the files that an embedded store has in its directory for what was uploaded. */
export function filesIn(directory: string): string[] {
  const folder = join(directory, 'files');
  if (!existsSync(folder)) return []; // made with the first upload
  const found = readdirSync(folder, { recursive: true, withFileTypes: true });
  return found.filter((entry) => entry.isFile()).map(({ name }) => name);
}
