import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { pages, readPage } from '../../processes/documents/pages.js';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const screenWidth = 100;
const readmeLines = 200;

/** Returns a page without its fenced blocks. */
const prose = (page: string) => page.replaceAll(/^ *```[^]*?^ *```$/gm, '');

/** Returns the anchors of a page, as GitHub makes them from its headings. */
function anchorsOf(page: string): Set<string> {
  const headings = [...prose(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

/** Returns the link targets of a page, without those that have a scheme. */
function linksOf(page: string): string[] {
  const found = [...prose(page).matchAll(/\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)$/gm)];
  return found.map(([, inline, reference]) => inline ?? reference ?? '').filter((link) => !/^[a-z]+:/.test(link));
}

describe('the documents', () => {
  it('have no table wider than a screen', () => {
    for (const path of pages()) {
      const wide = prose(readPage(path))
        .split('\n')
        .filter((line) => line.startsWith('|') && line.length > screenWidth);
      expect(wide, path).to.deep.equal([]);
    }
  });

  it('link to pages and headings that exist', () => {
    for (const path of pages()) {
      for (const link of linksOf(readPage(path))) {
        const [file = '', anchor] = link.split('#', 2);
        const target = file === '' ? path : join(dirname(path), file);
        expect(existsSync(join(root, target)), `${link} in ${path}`).to.equal(true);
        if (anchor !== undefined) expect([...anchorsOf(readPage(target))], `${link} in ${path}`).to.include(anchor);
      }
    }
  });

  it('name folders and files that exist', () => {
    for (const path of pages()) {
      const named = prose(readPage(path)).matchAll(/`((?:api|bench|cli|deploy|shared|test|worker)\/[\w./-]+)`/g);
      for (const [, file = ''] of named) {
        if (!file.includes('/dist/')) expect(existsSync(join(root, file)), `${file} in ${path}`).to.equal(true);
      }
    }
  });

  it('start with a README of at most 200 lines', () => {
    expect(readPage('README.md').split('\n')).to.have.length.at.most(readmeLines);
  });
});
