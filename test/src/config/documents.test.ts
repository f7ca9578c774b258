import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { settingsFile, settingsTable } from '@keybin/shared/config/documents.js';
import { loadConfig } from '@keybin/shared/config/load-config.js';

const inRoot = (name: string) => new URL(`../../../${name}`, import.meta.url);
const read = (name: string) => readFileSync(inRoot(name), 'utf8');

/** The cells of a table in Markdown, whatever its formatter made of their width. */
const cells = (table: string) =>
  table.split('\n').map((row) => row.split('|').map((cell) => cell.trim().replace(/^-+$/, '---')));

describe('What is written about the settings (npm run settings writes it anew)', () => {
  it('in store.cfg is every setting with its default', () => {
    expect(read('store.cfg')).to.equal(settingsFile());
  });

  it('in store.cfg changes nothing: the defaults are the same without it', () => {
    const shipped = loadConfig(['--config', inRoot('store.cfg').pathname], {});
    expect(shipped).to.deep.equal(loadConfig(['--config', '/dev/null'], {}));
  });

  it('in README.md is every setting with its default and what is accepted', () => {
    const table = /<!-- settings -->\n([^]*)\n<!-- \/settings -->/.exec(read('README.md'))?.[1] ?? '';
    expect(cells(table.trim())).to.deep.equal(cells(settingsTable()));
  });
});
