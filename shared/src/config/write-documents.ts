/** Run by `npm run settings` in the root: writes what follows from `settings.ts` into `store.cfg` and `README.md`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { settingsFile, settingsTable } from './documents.js';

const readme = readFileSync('README.md', 'utf8');
const between = /(<!-- settings -->\n)[^]*(<!-- \/settings -->)/;
if (!between.test(readme)) throw new Error('README.md has lost its <!-- settings --> ... <!-- /settings -->');
writeFileSync(
  'README.md',
  readme.replace(between, (_all, begin: string, end: string) => `${begin}\n${settingsTable()}\n\n${end}`),
);
writeFileSync('store.cfg', settingsFile());
