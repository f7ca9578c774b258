import { readdirSync } from 'node:fs';
import { expect } from 'chai';
import { loadScript } from '@keybin/shared/engines/scale-out/redis/scripts.js';

const luaFolder = new URL('../../../../../shared/lua/', import.meta.url);

describe('the scripts of Redis', () => {
  it('contain the files that they include', () => {
    for (const file of readdirSync(luaFolder, { recursive: true, encoding: 'utf8' }).filter((each) =>
      each.endsWith('.lua'),
    )) {
      expect(loadScript(file.replace(/\.lua$/, '')).lua).to.not.match(/^-- include/m);
    }
    for (const name of ['entries/accept', 'entries/read-with-token', 'entries/list-keys'])
      expect(loadScript(name).lua).to.include('local function tokenState(');
  });
});
