import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { redisCommands } from '@keybin/shared/engines/scale-out/redis/redis-acl.js';
import { loadScript } from '@keybin/shared/engines/scale-out/redis/scripts.js';

const luaFolder = new URL('../../../../../shared/lua/', import.meta.url);
const bullmqFolder = new URL('../../../../../node_modules/bullmq/dist/cjs/scripts/', import.meta.url);

/** Commands for jobs with children or duplicates, counts up to a time, bounds on finished jobs, and older queues. */
const unusedFeatures = [
  'lpop',
  'persist',
  'rename',
  'rpop',
  'sismember',
  'type',
  'zremrangebyrank',
  'zremrangebyscore',
];

const isAllowed = (name: string) => redisCommands.some((each) => each === name);

/** Returns the commands that the Lua in a file calls by name, in lower case. */
function commandsIn(file: URL): string[] {
  const calls = readFileSync(file, 'utf8').matchAll(/(?:rcall|redis\.p?call)\(\s*['"](\w+)['"]/g);
  return [...calls].map(([, name = '']) => name.toLowerCase());
}

const luaFiles = () =>
  readdirSync(luaFolder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.lua'));

describe('the scripts of Redis', () => {
  it('call only commands that the user for Redis may use', () => {
    const called = luaFiles().flatMap((file) => commandsIn(new URL(file, luaFolder)));
    expect(called).to.have.length.above(50);
    expect(called.filter((name) => !isAllowed(name))).to.deep.equal([]);
  });

  it('of BullMQ call no others, except for features that Keybin does not use', () => {
    const files = readdirSync(bullmqFolder).filter((file) => /^(?!relay)\w+-\d+\.js$/.test(file));
    const called = files.flatMap((file) => commandsIn(new URL(file, bullmqFolder)));
    expect(called).to.have.length.above(500);
    expect([...new Set(called.filter((name) => !isAllowed(name)))].sort()).to.deep.equal(unusedFeatures);
  });

  it('contain the files that they include', () => {
    for (const file of luaFiles()) {
      expect(loadScript(file.replace(/\.lua$/, '')).lua).to.not.match(/^-- include/m);
    }
    for (const name of ['entries/accept', 'entries/read-with-token', 'entries/list-keys'])
      expect(loadScript(name).lua).to.include('local function tokenState(');
  });
});
