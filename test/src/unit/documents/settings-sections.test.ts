import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { settingsFile, settingsSections } from '@keybin/shared/documents/settings-sections.js';
import { loadConfig } from '@keybin/shared/config/load/load-config.js';
import { expectBlock } from '../../world/block-in-document.js';

const inRoot = (name: string) => new URL(`../../../../${name}`, import.meta.url);
const read = (name: string) => readFileSync(inRoot(name), 'utf8');

describe('What is written about the settings (npm run settings writes it anew)', () => {
  it('in store.cfg is every setting with its default', () => {
    expect(read('store.cfg')).to.equal(settingsFile());
  });

  it('in store.cfg changes nothing: the defaults are the same without it', () => {
    const shipped = loadConfig(['--config', inRoot('store.cfg').pathname], {});
    expect(shipped).to.deep.equal(loadConfig(['--config', '/dev/null'], {}));
  });

  it('in docs/configuration.md is every setting with its default and what is accepted', () => {
    expectBlock(read('docs/configuration.md'), 'settings', settingsSections());
  });
});
