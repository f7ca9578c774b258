import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** What each workspace may import from the others. */
const allowed = { shared: [], api: ['shared'], worker: ['shared'], cli: ['shared'], procfile: ['shared'] } as const;
const workspaces = Object.keys(allowed) as (keyof typeof allowed)[]; // keys of a constant

/** Each source file, relative to the repository, with the files of the repository that it imports. */
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
      expect(wrong).to.deep.equal([]);
    });
  }

  it('imports only files that are there', () => {
    expect(edges().filter(([, to]) => !imports.has(to))).to.deep.equal([]);
  });

  it('has no cycle of imports', () => {
    expect(findCycle()?.join(' → ')).to.equal(undefined);
  });

  it('keeps the HTTP framework in api, and the engines behind open-engine', () => {
    const packages = edgesToPackages();
    const users = (name: string) => packages.filter(([, to]) => to === name).map(([from]) => from);
    for (const name of ['koa', '@koa/router', 'koa-bodyparser']) {
      expect(users(name).filter((file) => !isIn('api', file))).to.deep.equal([]);
    }
    for (const name of ['mongodb', 'ioredis', 'bullmq', 'lmdb']) {
      expect(users(name).filter(knowsNoEngine)).to.deep.equal([]);
    }
    const intoEngines = edges().filter(([from, to]) => knowsNoEngine(from) && to.startsWith('shared/src/engines/'));
    expect(intoEngines.filter(([, to]) => to !== 'shared/src/engines/open-engine.ts')).to.deep.equal([]);
  });
});

function sourceFiles(workspace: string): string[] {
  const directory = join(root, workspace, 'src');
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.ts')).map((name) => relative(root, join(directory, name)));
}

const isIn = (workspace: string, file: string) => file.startsWith(`${workspace}/`);
const knowsNoEngine = (file: string) => isIn('api', file) || isIn('cli', file);

function edges(): [from: string, to: string][] {
  return [...imports].flatMap(([from, tos]) => tos.map((to): [string, string] => [from, to]));
}

/** All that a file imports, type-only and lazy imports included. */
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

/** The files of a cycle, in order, if there is one. */
function findCycle(): string[] | undefined {
  const finished = new Set<string>();
  const visit = (file: string, path: readonly string[]): string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (finished.has(file)) return undefined;
    for (const next of imports.get(file) ?? []) {
      const cycle = visit(next, [...path, file]);
      if (cycle) return cycle;
    }
    finished.add(file);
    return undefined;
  };
  for (const file of imports.keys()) {
    const cycle = visit(file, []);
    if (cycle) return cycle;
  }
  return undefined;
}
