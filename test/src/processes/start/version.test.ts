import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { Metrics } from '@keybin/shared/metrics/metrics.js';
import { Child } from '../../world/processes/child.js';

const root = new URL('../../../../', import.meta.url);
const programs = ['api/dist/main.js', 'worker/dist/main.js', 'procfile/dist/main.js', 'cli/bin/keybin.js'];

const versionIn = (manifest: string) =>
  (JSON.parse(readFileSync(new URL(manifest, root), 'utf8')) as { version: string }).version; // npm's format
const version = versionIn('package.json');

describe('the version in package.json', () => {
  it('is that of every workspace', () => {
    const { workspaces } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { workspaces: string[] };
    expect(readdirSync(root)).to.include.members(workspaces);
    for (const workspace of workspaces) expect(versionIn(`${workspace}/package.json`), workspace).to.equal(version);
  });

  for (const program of programs) {
    it(`is printed by ${program} --version`, async () => {
      const child = new Child(program, process.execPath, [fileURLToPath(new URL(program, root)), '--version']);
      expect(await child.exited).to.deep.equal({ code: 0, signal: null });
      expect(child.output).to.equal(`keybin ${version}\n`);
    });
  }

  it('is a label of keybin_build_info', async () => {
    expect(await new Metrics().registry.metrics()).to.include(`keybin_build_info{version="${version}"`);
  });

  it('has a section in CHANGELOG.md', () => {
    expect(readFileSync(new URL('CHANGELOG.md', root), 'utf8')).to.include(`\n## [${version}]`);
  });
});
