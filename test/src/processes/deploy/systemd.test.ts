import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { programs } from '../../world/services/services.js';

const folder = fileURLToPath(new URL('../../../../deploy/systemd/', import.meta.url));
const units = readdirSync(folder);
const { scripts } = JSON.parse(readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8')) as {
  scripts: Record<string, string>; // npm's format
};

describe('the units for systemd', () => {
  programs('systemd-analyze');

  it('are well-formed', () => {
    const said = execFileSync('systemd-analyze', ['verify', ...units.map((unit) => `${folder}${unit}`)], {
      encoding: 'utf8',
      stdio: 'pipe',
    });
    expect(said).to.equal('');
  });

  it('try a start that fails again for ever, with a pause', () => {
    for (const unit of units) {
      const text = readFileSync(`${folder}${unit}`, 'utf8');
      expect(text, unit)
        .to.match(/^\[Unit\]$[^[]*^StartLimitIntervalSec=0$/m)
        .and.match(/^Restart=always$/m)
        .and.match(/^RestartSec=[1-9]\d*$/m);
    }
  });

  it('run the same commands as npm start and npm run start:worker', () => {
    const starts = units.map(
      (unit) => /^ExecStart=\/usr\/bin\/env (.+)$/m.exec(readFileSync(`${folder}${unit}`, 'utf8'))?.[1],
    );
    expect(starts.map((start) => `exec ${start}`)).to.have.members([scripts['start'], scripts['start:worker']]);
  });
});
