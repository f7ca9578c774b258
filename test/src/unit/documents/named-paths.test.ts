import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const notOurs = new Set(['node_modules', 'dist', '.git']);

const read = (path: string) => readFileSync(join(root, path), 'utf8');

/** Returns the paths of all files below a folder, except built or installed ones. */
function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    if (notOurs.has(entry.name)) return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

/** Returns linked files, and quoted text that looks like a path or a file. Fenced blocks are left out. */
function pathsIn(page: string): string[] {
  const text = page.replace(/^```[^]*?^```/gm, '');
  const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, target = '']) => target);
  const quoted = [...text.matchAll(/`([^`\s]+)`/g)].map(([, span = '']) => span);
  const paths = quoted.filter((span) =>
    /^\.?[\w-][\w.-]*(\/[\w.-]+)*(\/|\.(ts|lua|md|mjs|json|cfg))$|^[\w.-]+(\/[\w.-]+)+$/.test(span),
  );
  return [...links, ...paths];
}

/** Returns the bold names that begin the items of a section. */
const namesIn = (page: string, section: string) =>
  [...(read(page).split(`${section}\n`)[1]?.split(/^#/m)[0] ?? '').matchAll(/^- \*\*(.+?)\*\*/gm)].map(
    ([, name]) => name,
  );

describe('documents for those who change Keybin', () => {
  const architecture = read('ARCHITECTURE.md');
  const files = filesBelow('.');

  const exists = (path: string) =>
    ['', 'test/src'].some((folder) => existsSync(join(root, folder, path))) ||
    files.some((file) => file.endsWith(`/${path}`));

  for (const page of ['ARCHITECTURE.md', 'CONTRIBUTING.md']) {
    it(`${page} names only files and folders that exist, in full, below test/src, or by their name`, () => {
      const paths = pathsIn(read(page));
      expect(paths).to.have.length.above(50);
      expect(paths.filter((path) => !exists(path))).to.deep.equal([]);
    });
  }

  it('CONTRIBUTING.md tells for each outage of docs/reliability.md where it is tested', () => {
    const promised = namesIn('docs/reliability.md', '## Outages');
    expect(promised).to.have.length.above(20);
    expect(namesIn('CONTRIBUTING.md', '### Outages')).to.deep.equal(promised);
  });

  it('ARCHITECTURE.md has at most 2,500 words', () => {
    const words = architecture.match(/\S*\w\S*/g) ?? [];
    expect(words.length).to.be.at.most(2_500);
  });

  it('ARCHITECTURE.md names only log lines and metrics that exist', () => {
    const code = files
      .filter((file) => /^(shared|worker)\/src\/.*\.ts$/.test(file))
      .map(read)
      .join('\n');
    const named = architecture.match(/(?<=(?:warn|info|debug|error) ")[^"]+|\bkeybin_\w+/g) ?? [];
    expect(named).to.have.length.above(10);
    expect(named.filter((text) => !code.includes(text.replace(/\s+/g, ' ')))).to.deep.equal([]);
  });
});
