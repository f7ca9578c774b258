import { expect } from 'chai';

/** Returns the lines of Markdown without the padding that a formatter adds to the cells of a table. */
const lines = (markdown: string) =>
  markdown
    .trim()
    .split('\n')
    .map((line) =>
      line.startsWith('|') ? line.replaceAll(/ +(?=\|)|(?<=\|) +/g, '').replaceAll(/-{3,}/g, '---') : line,
    );

/** Asserts that a document has this text between `<!-- name -->` and `<!-- /name -->`. */
export function expectBlock(document: string, name: string, text: string): void {
  const between = new RegExp(`<!-- ${name} -->\\n([^]*)\\n<!-- /${name} -->`);
  const found = between.exec(document)?.[1] ?? '';
  expect(lines(found)).to.deep.equal(lines(text));
}
