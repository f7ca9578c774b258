import { execFileSync } from 'node:child_process';
import { copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '../world/processes/temporary-directory.js';
import type { ImageStore } from './image-store.js';
import { runToEnd } from './run-to-end.js';

/** Image that a Dockerfile begins with. */
export interface BaseImage {
  /** Such as `node:24-bookworm-slim`. */
  readonly name: string;
  /** Major version of Node. */
  readonly node: string;
  /** Name of a release of Debian. */
  readonly suite: string;
}

/** npm that comes with Node 24. */
const npm = 'npm@11';

/** Packages beside the essential ones: Node's library, and `useradd`. */
const packages = ['libstdc++6', 'passwd'];

/** Removed, because they tell where the machine gets its packages and how it is called. */
const ofThisMachine = ['etc/apt', 'etc/hostname', 'etc/resolv.conf'];

/** Returns the base image of a Dockerfile. Throws if it has several, or another one than Node's for Debian. */
export function baseImageOf(dockerfile: string): BaseImage {
  const names = new Set([...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, name]) => name));
  const [, name, node, suite] = /^(node:(\d+)-([a-z]+)-slim)$/.exec([...names].join(' ')) ?? [];
  if (!name || !node || !suite) throw new Error(`No stand-in is known for ${[...names].join(', ')}`);
  return { name, node, suite };
}

/**
 * Makes a stand-in for an official image of Node, from packages of Debian and of npm. For machines that reach these two
 * and no registry of images. The sources and settings of the machine's apt are used and not kept.
 */
export async function makeBaseImage(images: ImageStore, { name, node, suite }: BaseImage): Promise<void> {
  const root = join(temporaryDirectory(), 'root');
  const aptSettings = join(temporaryDirectory(), 'apt.conf');
  writeFileSync(aptSettings, execFileSync('apt-config', ['dump', 'Acquire']));
  await runToEnd('mmdebstrap', [
    '--variant=essential',
    `--include=${packages.join(',')}`,
    `--aptopt=${aptSettings}`,
    '--dpkgopt=force-unsafe-io', // a power cut may take it
    '--customize-hook=chroot "$1" useradd --create-home --user-group --uid 1000 node',
    suite,
    root,
    ...debianSources(suite),
  ]);
  for (const path of ofThisMachine) rmSync(join(root, path), { recursive: true, force: true });
  const program = await runToEnd('npx', ['-y', '-p', `node@${node}`, '--', 'node', '-p', 'process.execPath']);
  copyFileSync(program, join(root, 'usr/local/bin/node'));
  await runToEnd('npm', ['install', '--global', `--prefix=${join(root, 'usr/local')}`, npm]);
  const container = await images.buildah('from', 'scratch');
  await images.buildah('add', '--quiet', container, root, '/');
  const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  await images.buildah('config', `--env=PATH=${path}`, '--cmd=node', container);
  await images.buildah('commit', '--quiet', '--rm', container, `docker.io/library/${name}`);
}

/** Returns where this machine's apt gets a release of Debian, as lines of a `sources.list`. Throws if it does not. */
function debianSources(suite: string): string[] {
  const filters = ['Created-By: Packages', 'Component: main', `Release: ${suite}`];
  const format = ['--format', 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)'];
  const printed = execFileSync('apt-get', ['indextargets', ...format, ...filters], { encoding: 'utf8' });
  const lines = printed.split('\n').filter((line) => line !== '');
  if (lines.length === 0) throw new Error(`apt of this machine has no source of ${suite}`);
  return lines;
}
