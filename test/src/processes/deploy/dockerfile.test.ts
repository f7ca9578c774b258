import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { root } from './compose-file.js';

describe('The Dockerfile', () => {
  const lines = readFileSync(join(root, 'Dockerfile'), 'utf8').split('\n');

  it('copies only files that exist, and the package.json of each workspace', () => {
    const copied = lines.flatMap((line) => /^COPY (?!--from)(.+) \S+$/.exec(line)?.[1]?.split(' ') ?? []);
    for (const path of copied) expect(existsSync(join(root, path)), path).to.equal(true);
    const { workspaces }: { workspaces: string[] } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect(copied).to.include.members(workspaces.map((workspace) => `${workspace}/package.json`));
  });

  it('runs nothing as root after the build', () => {
    const user = lines.indexOf('USER node');
    expect(user).to.be.greaterThan(lines.findLastIndex((line) => line.startsWith('RUN ')));
    expect(user).to.be.lessThan(lines.findIndex((line) => line.startsWith('CMD ')));
  });
});
