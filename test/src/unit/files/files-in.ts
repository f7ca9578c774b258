import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Returns the names of the uploaded files in an embedded store's directory. */
export function filesIn(directory: string): string[] {
  const folder = join(directory, 'files');
  if (!existsSync(folder)) return []; // created by the first upload
  const found = readdirSync(folder, { recursive: true, withFileTypes: true });
  return found.filter((entry) => entry.isFile()).map(({ name }) => name);
}
