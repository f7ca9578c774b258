import { expect } from 'chai';

/** The cells of a table in Markdown, whatever its formatter made of their width. */
const cells = (table: string) =>
  table.split('\n').map((row) => row.split('|').map((cell) => cell.trim().replace(/^-+$/, '---')));

/** Asserts that a document has this table between `<!-- name -->` and `<!-- /name -->`. */
export function expectTable(document: string, name: string, table: string): void {
  const between = new RegExp(`<!-- ${name} -->\\n([^]*)\\n<!-- /${name} -->`);
  const found = between.exec(document)?.[1] ?? '';
  expect(cells(found.trim())).to.deep.equal(cells(table));
}
