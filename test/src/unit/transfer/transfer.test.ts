import { appendFileSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { expectDone, expectKeys, expectValue } from '../../contract/subjects/answers.js';
import { KeybinClient } from '../../world/clients/keybin-client.js';
import { keybin, keybinJson } from '../../world/processes/keybin-command.js';
import { startApi } from '../../world/processes/keybin-service.js';
import { ScaleOutWorld } from '../../world/services/scale-out-world.js';
import { services } from '../../world/services/services.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';
import { expectFull, exportTo, fullAccount, importFrom, type Env, type Full } from './transfer-world.js';

const embedded = (): Env => ({ KEYBIN_STORE_HOST: `lmdb://${temporaryDirectory()}` });
const exportFile = () => join(temporaryDirectory(), 'export.ndjson');

/** Runs `work` on a new API over an embedded store, which no command may use meanwhile. */
async function serving<T>(env: Env, work: (client: KeybinClient) => Promise<T>): Promise<T> {
  const api = await startApi({ env });
  try {
    return await work(new KeybinClient(api.url));
  } finally {
    await api.stop();
  }
}

const linesOf = (file: string) => readFileSync(file, 'utf8').trimEnd().split('\n');
/** Lines without the first one, which names the origin of the data, and the checksum at the end. */
const recordsOf = (file: string) => linesOf(file).slice(1, -1);

describe('keybin export and import, between the engines', function () {
  this.timeout(120_000);
  const world = new ScaleOutWorld({ services, env: { KEYBIN_QUEUE_PARTITIONS: '2' } });
  const scaleOut = () => ({ ...world.services.env, KEYBIN_QUEUE_PARTITIONS: '2' });

  it('copy everything from the embedded engine to the scale-out engine, which runs meanwhile, and back', async () => {
    const from = embedded();
    const file = exportFile();
    const accounts: Full[] = await serving(from, async (client) => [
      await fullAccount(client),
      await fullAccount(client, 1_500),
    ]);
    expect(await exportTo(file, from)).to.include({ accounts: 2, posts: 4, files: 6 });
    expect(await importFrom(file, scaleOut())).to.include({ accounts: 2, posts: 4, files: 6, skipped: 0, present: 0 });
    for (const account of accounts) await expectFull(world.there, account);
    const again = exportFile();
    await exportTo(again, scaleOut());
    expect(recordsOf(again).sort()).to.deep.equal(recordsOf(file).sort());

    const pending = await fullAccount(world.here, 300); // no worker runs, so everything is in Redis
    const back = embedded();
    const last = exportFile();
    await exportTo(last, scaleOut());
    await importFrom(last, back);
    await serving(back, async (client) => {
      for (const account of [...accounts, pending]) await expectFull(client, account);
    });
  });

  it('export misses no write that was acknowledged before it began, whatever is applied, deleted and erased meanwhile', async () => {
    const { here, there } = world;
    const account = await here.newAccount();
    const doomed = await here.newAccount();
    const keys = Array.from({ length: 1_000 }, (_, index) => `key_${index}`);
    for (let at = 0; at < keys.length; at += 100) {
      const puts = keys
        .slice(at, at + 100)
        .flatMap((key) => [here.put(account.token, key, key), here.put(doomed.token, key, key)]);
      for (const answer of await Promise.all(puts)) expectDone(answer);
    }
    const deleted = keys.slice(0, 100);
    const file = exportFile();
    const [, worker] = await Promise.all([
      exportTo(file, scaleOut()),
      world.startWorker(),
      Promise.all(deleted.map((key) => there.delete(account.token, key))),
      Promise.all(keys.slice(100, 200).map((key) => there.put(account.token, key, 'newer'))),
      there.unregister(doomed.username, doomed.password),
    ]);
    await world.drained();
    await worker.stop();
    const target = embedded();
    await importFrom(file, target);
    await serving(target, async (client) => {
      const token = await client.logIn(account.username, account.password);
      const { keys: listed } = (await client.keys(token)).json as { keys: string[] }; // asserted by the contract
      expect(listed).to.include.members(keys.slice(100));
      for (const key of keys.slice(200, 300)) expectValue(await client.get(token, key), key);
      const login = await client.token(doomed.username, doomed.password);
      if (login.status !== 200) return; // erased during the export
      const { token: left } = (login.json as { token: { token: string } }).token;
      expectKeys(await client.keys(left), keys);
    });
  });

  it('import keeps names that clash, and no further name may clash with them in either engine', async () => {
    const from = embedded();
    const file = exportFile();
    const names = ['Zoe', 'zoe'];
    await serving(from, async (client) => {
      for (const name of names) expectDone(await client.register(name, 'p'));
    });
    await exportTo(file, from);
    expect(readFileSync(file, 'utf8')).not.to.match(/folded/i);
    const [target, distinct] = [embedded(), { KEYBIN_ACCOUNTS_DISTINCT_NAMES: 'on' }];
    for (const env of [target, scaleOut()]) expect(await importFrom(file, env)).to.include({ accounts: 2 });
    for (const env of [target, scaleOut()]) {
      await serving({ ...env, ...distinct }, async (client) => {
        for (const name of names) expect((await client.token(name, 'p')).status).to.equal(200);
        expect((await client.register('ZOE', 'p')).status).to.equal(409);
      });
    }
  });

  it('import refuses an account whose erasure is not complete', async () => {
    const { username, password } = await world.here.newAccount();
    const file = exportFile();
    await exportTo(file, scaleOut());
    expectDone(await world.here.unregister(username, password));
    const { code, stdout } = await keybin(['import', file], scaleOut());
    expect(code).to.equal(1);
    expect(stdout).to.include(`not imported: account '${username}': the account was erased here`);
    expect((await world.there.token(username, password)).status).to.equal(403);
  });
});

describe('keybin export', function () {
  this.timeout(120_000);
  const env = embedded();
  const whole = exportFile();
  before(async () => {
    await serving(env, async (client) => {
      await fullAccount(client, 700);
      await fullAccount(client);
    });
    await exportTo(whole, env);
  });

  it('overwrites no existing file, and says so in one line', async () => {
    const other = join(temporaryDirectory(), 'letter.txt');
    const nowhere = join(temporaryDirectory(), 'link');
    writeFileSync(other, 'Dear Ada,\n');
    symlinkSync(join(temporaryDirectory(), 'none'), nowhere);
    for (const file of [whole, other, nowhere, '/dev/full']) {
      const { code, stdout, stderr } = await keybin(['export', file], env);
      expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' });
      expect(stderr).to.equal(`keybin: ${file} already exists and is not overwritten; '-' is standard output\n`);
    }
    expect(readFileSync(other, 'utf8')).to.equal('Dear Ada,\n');
  });

  it('is readable by its owner only, and has the hashes but no token', async () => {
    const { mode } = statSync(whole);
    expect(mode & 0o777).to.equal(0o600);
    expect(linesOf(whole)[1]).to.match(/"passwordHash":"\$2b\$/);
  });
});

describe('keybin import', function () {
  this.timeout(120_000);
  const source = embedded();
  const file = exportFile();
  const accounts: Full[] = [];
  before(async () => {
    await serving(source, async (client) => {
      accounts.push(await fullAccount(client, 100));
      for (let count = 0; count < 2; count++) accounts.push(await fullAccount(client, 1_200));
    });
    await exportTo(file, source);
  });

  it('names each invalid line by its number, and imports nothing of such a file', async () => {
    const lines = linesOf(file);
    const changed = (number: number, line: string) => lines.with(number - 1, line);
    const cases: [string[], RegExp][] = [
      [changed(5, '{"type":"entry"'), /line 5: it is not JSON/],
      [changed(7, '{"type":"letter"}'), /line 7: it has an unknown type/],
      [changed(3, (lines[2] ?? '').replace('"value":', '"value":[')), /line 3: it is not JSON/],
      [changed(4, (lines[3] ?? '').replace(/"user":"./, '"user":"x')), /line 4: .*account|line \d+: the checksum/],
      [
        changed(3, (lines[2] ?? '').replace(/"version":\d+/, '"version":9007199254740991')),
        /line 3: 'version' is too far in the future/,
      ],
      [
        changed(2, (lines[1] ?? '').replace(/"number":\d+/, '"number":9007199254740991')),
        /line 2: 'number' is out of range: 9007/,
      ],
      [lines.toSpliced(9, 1), /the checksum does not match the lines before it/],
      [lines.slice(0, -1), /the last line is missing/],
      [lines.slice(1), /line 1: it is not the first line of an export/],
    ];
    for (const [bad, line] of cases) {
      const target = embedded();
      await keybin(['prepare'], target);
      const badFile = exportFile();
      writeFileSync(badFile, `${bad.join('\n')}\n`);
      const { code, stdout, stderr } = await keybin(['import', badFile], target);
      expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' });
      expect(stderr)
        .to.match(/^keybin: [^\n]+ is not valid, nothing was imported: [^\n]+\n$/)
        .and.match(line);
      expect(await keybinJson(['user', 'list'], target)).to.deep.equal({ users: [] });
    }
    const broken = exportFile();
    writeFileSync(broken, `${lines.slice(0, 3).join('\n')}\n`);
    appendFileSync(broken, '{"type":"ent');
    expect((await keybin(['import', broken], embedded())).stderr).to.match(/line 4: it is cut off/);
  });

  it('into a store in use reports taken names, assigns new numbers, and keeps newer entries', async () => {
    const target = embedded();
    const [first, second] = accounts;
    if (!first || !second) throw new Error('there are accounts');
    await serving(target, async (client) => {
      await client.register(first.username, 'another password');
    });
    const { code, stdout } = await keybin(['import', file, '--json'], target);
    expect(code).to.equal(1);
    const imported = JSON.parse(stdout) as Record<string, unknown>; // shape asserted below
    expect(imported).to.include({ accounts: 2, renumbered: 0, skipped: first.values.size + 2 + 3 });
    expect(imported['conflicts']).to.deep.equal([
      { username: first.username, reason: 'the name belongs to another account here' },
    ]);
    await serving(target, async (client) => {
      await client.logIn(first.username, 'another password');
      await expectFull(client, second);
      const token = await client.logIn(second.username, second.password);
      expectDone(await client.put(token, 'many.1', 'newer'));
      await client.newAccount();
    });
    const { users } = await keybinJson<{ users: { number: number }[] }>(['user', 'list'], target);
    expect(users.map(({ number }) => number)).to.deep.equal([1, 2, 3, 4]);
    await keybin(['import', file], target);
    await serving(target, async (client) => {
      const token = await client.logIn(second.username, second.password);
      expectValue(await client.get(token, 'many.1'), 'newer');
    });
  });
});
