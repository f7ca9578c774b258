import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const folders = ['shared', 'api', 'worker', 'cli', 'procfile', 'bench', 'test'];
const maxLineLength = 120;

/** Start of a doc comment, or of a block of comment lines in Lua, whose first word makes a reader start twice. */
const badStart = {
  script: /\/\*\*[\s*]+(?=(?:At|How|In|Is|Must|Of|Only|Those|What|Whether|Who)\b)/g,
  lua: /(?<!^[ \t]*--.*\n)^[ \t]*--[ \t]*(?=(?:At|How|In|Is|Must|Of|Only|Those|What|Whether|Who)\b)/gm,
} as const;

/** Comment that begins its line. */
const commentLine = { script: /^\s*(?:\/\/|\/\*|\*)/, lua: /^\s*--/ } as const;

/** Returns the sources of all workspaces, relative to the repository, without what was built or installed. */
function sources(): string[] {
  return folders
    .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && /\.(?:ts|mjs|lua)$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((file) => !/(?:^|\/)(?:dist|node_modules)\//.test(file));
}

const languageOf = (file: string) => (file.endsWith('.lua') ? 'lua' : 'script');

/** Returns `file:line: text` for each doc comment with a bad start. */
function badStarts(file: string, text: string): string[] {
  const lines = text.split('\n');
  return [...text.matchAll(badStart[languageOf(file)])].map(({ index, 0: { length } }) => {
    const line = text.slice(0, index + length).split('\n').length;
    return `${file}:${line}: ${lines[line - 1]?.trim()}`;
  });
}

/** Returns `file:line: length` for each comment line that is too long. */
function longLines(file: string, text: string): string[] {
  return text.split('\n').flatMap((line, index) => {
    const isLong = line.length > maxLineLength && commentLine[languageOf(file)].test(line);
    return isLong ? [`${file}:${index + 1}: ${line.length} characters`] : [];
  });
}

/** Fails with one line for each finding, and with a remedy. */
function expectNone(findings: readonly string[], remedy: string): void {
  expect(findings, `${findings.join('\n')}\n${remedy}.\n`).to.deep.equal([]);
}

describe('the comments', () => {
  const files = sources().map((file): [string, string] => [file, readFileSync(join(root, file), 'utf8')]);

  it('begin with a verb or a noun', () => {
    expectNone(
      files.flatMap(([file, text]) => badStarts(file, text)),
      'Begin with a verb (Returns, Throws, Closes), a noun (Longest time), or "True if"',
    );
  });

  it(`wrap at ${maxLineLength} columns`, () => {
    expectNone(
      files.flatMap(([file, text]) => longLines(file, text)),
      'Wrap the comment',
    );
  });

  it('are found with their lines', () => {
    const open = '/**'; // begins no comment here
    const long = 'x'.repeat(maxLineLength);
    const script = `${open}\n * Whether it is so.\n */\n${open} Offers one. */ code(); ${open} Of all. */\n// ${long}\n`;
    expect(badStarts('a.ts', script)).to.deep.equal([
      'a.ts:2: * Whether it is so.',
      `a.ts:4: ${open} Offers one. */ code(); ${open} Of all. */`,
    ]);
    expect(longLines('a.ts', script)).to.deep.equal(['a.ts:5: 123 characters']);
    const lua = `-- What it does\nlocal a = 1\n  -- Who asks\n-- It is as\n-- Those are\n-- ${long}\n`;
    expect(badStarts('a.lua', lua)).to.deep.equal(['a.lua:1: -- What it does', 'a.lua:3: -- Who asks']);
    expect(longLines('a.lua', lua)).to.deep.equal(['a.lua:6: 123 characters']);
  });
});
