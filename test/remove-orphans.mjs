// Removes compiled files of tests that no longer exist. Mocha would keep running them.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const [source, compiled] = ['src', 'dist'].map((name) => fileURLToPath(new URL(name, import.meta.url)));
for (const path of readdirSync(compiled, { recursive: true, encoding: 'utf8' })) {
  const [, name] = /^(.+?)(\.d)?\.(js|ts)(\.map)?$/.exec(path) ?? [];
  if (name !== undefined && !existsSync(join(source, `${name}.ts`))) rmSync(join(compiled, path));
}
