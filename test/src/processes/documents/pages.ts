import { readFileSync, readdirSync } from 'node:fs';

const root = new URL('../../../../', import.meta.url);

/** Returns the text of a file of the repository, by its path from the root. */
export const readPage = (path: string) => readFileSync(new URL(path, root), 'utf8');

/** Returns the paths of all documents for readers: those in the root and all of docs. */
export function pages(): string[] {
  const inRoot = readdirSync(root).filter((name) => name.endsWith('.md'));
  const inDocs = readdirSync(new URL('docs/', root), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`);
  return [...inRoot, ...inDocs].sort();
}

/** A fenced code block of a page. */
export interface Block {
  /** Language after the fence, or `''`. */
  readonly language: string;
  readonly text: string;
  /** Nearest heading above the block, without its `#`s. */
  readonly heading: string;
}

/** Returns the fenced blocks of a page in order. Blocks in list items lose their indentation. */
export function blocksOf(page: string): Block[] {
  const blocks: Block[] = [];
  let heading = '';
  let open: { fence: string; language: string; lines: string[] } | undefined;
  for (const line of page.split('\n')) {
    const [, indent = '', language = ''] = /^( *)```(\w*)$/.exec(line) ?? [];
    if (open) {
      if (line === `${open.fence}\`\`\``) {
        blocks.push({ language: open.language, text: open.lines.join('\n'), heading });
        open = undefined;
      } else open.lines.push(line.slice(open.fence.length));
    } else if (/^ *```\w*$/.test(line)) open = { fence: indent, language, lines: [] };
    else heading = /^#+ (.*)$/.exec(line)?.[1] ?? heading;
  }
  return blocks;
}
