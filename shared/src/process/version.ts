import { readFileSync } from 'node:fs';

/** Returns the version of Keybin. All workspaces have the same one; a test compares them. */
export function keybinVersion(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version; // our own file
}
