import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Workspaces that each workspace may import. */
const allowed = { shared: [], api: ['shared'], worker: ['shared'], cli: ['shared'], procfile: ['shared'] } as const;
const workspaces = Object.keys(allowed) as (keyof typeof allowed)[]; // keys of a literal

const maxFilesInFolder = 12;

/** Source files, relative to the repository, with the files of the repository that each imports. */
const imports = new Map(workspaces.flatMap(sourceFiles).map((file) => [file, importedFiles(file)]));

describe('the architecture', () => {
  for (const workspace of workspaces) {
    const others = allowed[workspace].join(', ') || 'no other workspace';
    it(`lets ${workspace} import ${others}`, () => {
      const wrong = edges().filter(
        ([from, to]) =>
          isIn(workspace, from) &&
          ![workspace, ...allowed[workspace]].some((allowedWorkspace) => isIn(allowedWorkspace, to)),
      );
      expectNone(wrong.map(arrow), 'Move what is needed into shared');
    });
  }

  it('imports only files that exist', () => {
    expectNone(
      edges()
        .filter(([, to]) => !imports.has(to))
        .map(arrow),
      'Correct the path',
    );
  });

  it('has no cycle between files', () => {
    expectNone(cyclesOf(imports), 'Move what both sides need into a third file');
  });

  it('has no cycle between folders', () => {
    const folders = new Map<string, string[]>();
    for (const [from, to] of edges()) {
      const [folder, other] = [dirname(from), dirname(to)];
      if (folder !== other) folders.set(folder, [...(folders.get(folder) ?? []), other]);
    }
    expectNone(
      cyclesOf(folders).map((cycle) => `${cycle}\n${witnesses(cycle)}`),
      'Move one of the files to the folder that needs it, or what both folders need into a third one',
    );
  });

  it('keeps the two engines apart', () => {
    const wrong = edges().filter(([from, to]) => {
      const [engine, other] = [engineOf(from), engineOf(to)];
      return engine !== undefined && other !== undefined && engine !== other;
    });
    expectNone(wrong.map(arrow), 'Move what both engines need out of shared/src/engines');
  });

  it('keeps the HTTP framework in api, and the engines behind open-engine', () => {
    const packages = edgesToPackages();
    const users = (name: string) => packages.filter(([, to]) => to === name).map(([from]) => from);
    for (const name of ['koa', '@koa/router', 'koa-bodyparser']) {
      expectNone(
        users(name).filter((file) => !isIn('api', file)),
        `Only api may import ${name}`,
      );
    }
    for (const name of ['mongodb', 'ioredis', 'bullmq', 'lmdb']) {
      expectNone(users(name).filter(knowsNoEngine), `Only an engine and the worker may import ${name}`);
    }
    const intoEngines = edges().filter(([from, to]) => knowsNoEngine(from) && to.startsWith('shared/src/engines/'));
    const wrong = intoEngines.filter(([, to]) => to !== 'shared/src/engines/open-engine.ts');
    expectNone(wrong.map(arrow), 'Go through shared/src/engines/open-engine.ts and the interfaces in shared/src/ports');
  });

  it(`has at most ${maxFilesInFolder} files in a folder`, () => {
    const counts = new Map<string, number>();
    for (const file of allFiles()) counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
    const full = [...counts].filter(([folder, count]) => folder !== '.' && count > maxFilesInFolder);
    expectNone(
      full.map(([folder, count]) => `${folder}: ${count} files`),
      'Put the files that belong together into a folder of their own',
    );
  });

  it('names each file for what it exports', () => {
    const wrong = [...imports.keys()].flatMap((file) => {
      const names = exportedNames(file);
      return names.length === 0 || names.some((name) => isNamedFor(file, name)) ? [] : [`${file}: ${names.join(', ')}`];
    });
    expectNone(wrong, 'Rename the file or its main export: all words of the file name must be in one exported name');
  });
});

/** Fails with one line for each finding, and with the remedy. */
function expectNone(findings: readonly string[], remedy: string): void {
  expect(findings, `${findings.join('\n')}\n${remedy}.\n`).to.deep.equal([]);
}

const arrow = ([from, to]: readonly [string, string]) => `${from} → ${to}`;

function sourceFiles(workspace: string): string[] {
  const directory = join(root, workspace, 'src');
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.ts')).map((name) => relative(root, join(directory, name)));
}

/** Returns the files of all workspaces, including Lua scripts and tests, but not built or installed files. */
function allFiles(): string[] {
  const folders = [...workspaces, 'test', 'bench', 'deploy'].map((name) => join(root, name));
  return folders
    .flatMap((folder) => readdirSync(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter(isOurs);
}

const isIn = (workspace: string, file: string) => file.startsWith(`${workspace}/`);
const engineOf = (file: string) => /^shared\/src\/engines\/([^/]+)\//.exec(file)?.[1];
const isOurs = (file: string) => !/(^|\/)(dist|node_modules)\//.test(file) && !file.endsWith('.tsbuildinfo');
const knowsNoEngine = (file: string) => isIn('api', file) || isIn('cli', file);

function edges(): [from: string, to: string][] {
  return [...imports].flatMap(([from, tos]) => tos.map((to): [string, string] => [from, to]));
}

/** Returns everything that a file imports, including type-only and lazy imports. */
function specifiers(file: string): string[] {
  const source = readFileSync(join(root, file), 'utf8');
  const statements = /^(?:import|export)\b[^;'"]*?\bfrom\s+'([^']+)'|^import\s+'([^']+)'|\bimport\(\s*'([^']+)'/gm;
  return [...source.matchAll(statements)].flatMap(([, ...found]) => found.filter((name) => name !== undefined));
}

function importedFiles(file: string): string[] {
  return specifiers(file).flatMap((specifier) => {
    if (specifier.startsWith('.')) {
      return [relative(root, resolve(root, file, '..', specifier)).replace(/\.js$/, '.ts')];
    }
    const [, workspace, path] = /^@keybin\/([^/]+)\/(.+)\.js$/.exec(specifier) ?? [];
    return workspace ? [`${workspace}/src/${path}.ts`] : [];
  });
}

function edgesToPackages(): [from: string, to: string][] {
  return [...imports.keys()].flatMap((file) => specifiers(file).map((name): [string, string] => [file, name]));
}

/** Returns one cycle, such as `a → b → a`, for each arrow that closes a cycle. */
function cyclesOf(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = [];
  const finished = new Set<string>();
  const visit = (node: string, path: readonly string[]): void => {
    if (path.includes(node)) {
      found.push([...path.slice(path.indexOf(node)), node].join(' → '));
      return;
    }
    if (finished.has(node)) return;
    for (const next of new Set(graph.get(node))) visit(next, [...path, node]);
    finished.add(node);
  };
  for (const node of graph.keys()) visit(node, []);
  return found;
}

/** Returns the imports that make a cycle of folders. */
function witnesses(cycle: string): string {
  const folders = cycle.split(' → ');
  const steps = folders.slice(1).map((to, index) => [folders[index], to]);
  return edges()
    .filter(([from, to]) => steps.some(([folder, other]) => dirname(from) === folder && dirname(to) === other))
    .map((edge) => `  ${arrow(edge)}`)
    .join('\n');
}

function exportedNames(file: string): string[] {
  const source = readFileSync(join(root, file), 'utf8');
  const declared = /^export (?:async |abstract )*(?:const|function\*?|class|interface|type)\s+(\w+)/gm;
  return [...source.matchAll(declared)].flatMap(([, name]) => name ?? []);
}

/** True if the exported name has all words of the file's name, in the singular or the plural. */
function isNamedFor(file: string, exported: string): boolean {
  const words = wordsOf(exported);
  return wordsOf(file.replace(/^.*\/|\.ts$/g, '')).every((word) => words.includes(word));
}

function wordsOf(name: string): string[] {
  const words = name.split(/-|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/);
  return words.map((word) =>
    word
      .toLowerCase()
      .replace(/ies$/, 'y')
      .replace(/(?<!s)s$/, ''),
  );
}
