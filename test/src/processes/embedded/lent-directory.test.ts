import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { borrowDirectory } from '@keybin/shared/engines/embedded/lending/borrow-directory.js';
import { closeDatabases, openDatabasesToRead } from '@keybin/shared/engines/embedded/lmdb/databases.js';
import { lenderSocketIn } from '@keybin/shared/engines/embedded/lending/directory-lender.js';
import { expectDone, expectValue } from '../../contract/subjects/answers.js';
import { KeybinClient } from '../../world/clients/keybin-client.js';
import { eventually } from '../../world/eventually.js';
import { Child } from '../../world/processes/child.js';
import { keybin, spawnKeybin } from '../../world/processes/keybin-command.js';
import { launchApi, spawnApi, type ApiProcess } from '../../world/processes/keybin-process.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';
import { times } from '../../world/times.js';

/** Program that borrows a directory, opens it and hangs. */
const borrowing = `
  const { borrowDirectory } = await import('${import.meta.resolve('@keybin/shared/engines/embedded/lending/borrow-directory.js')}');
  const { openDatabases } = await import('${import.meta.resolve('@keybin/shared/engines/embedded/lmdb/databases.js')}');
  const { timeBudget } = await import('${import.meta.resolve('@keybin/shared/time-budget.js')}');
  await borrowDirectory(process.env.DIRECTORY, timeBudget());
  openDatabases(process.env.DIRECTORY, true, timeBudget());
  console.log('opened');
  setInterval(() => {}, 1_000);
`;

describe('a directory that an API has to itself', function () {
  this.timeout(60_000);
  let directory: string;
  let env: { readonly KEYBIN_STORE_HOST: string };
  let api: ApiProcess;

  beforeEach(async () => {
    directory = temporaryDirectory();
    env = { KEYBIN_STORE_HOST: `lmdb://${directory}` };
    api = await spawnApi({ env });
  });
  afterEach(() => api.stop());

  /** Returns how the API has noted that it has the directory open. */
  async function mode(): Promise<string | undefined> {
    const databases = openDatabasesToRead(directory, times);
    try {
      return databases.processes.get(api.child.pid);
    } finally {
      await closeDatabases(databases);
    }
  }

  /**
   * Runs a command as a process of its own: `mode` reads the directory in this one, which would count as having it open
   * with the command.
   */
  async function run(...args: readonly string[]): Promise<void> {
    const command = spawnKeybin(args, env);
    expect(await command.exited, command.output).to.include({ code: 0 });
  }

  const isAlone = async () => (await mode()) === 'alone';

  it('is lent to commands that write, one after the other and several at once, and taken back', async () => {
    const client = new KeybinClient(api.url);
    for (const name of ['ada', 'bob']) await client.newAccount(name);
    for (const command of [['prepare'], ['user', 'disable', 'ada'], ['user', 'enable', 'ada']]) {
      await run(...command);
    }
    await Promise.all(['ada', 'bob'].map((name) => run('user', 'erase', name)));
    await eventually(isAlone, 'the API to have the directory alone');
    expect((await keybin(['user', 'list'], env)).stdout).to.match(/^There are no accounts/);
  });

  it('keeps what clients write while commands write, too, and an import', async () => {
    const client = new KeybinClient(api.url);
    const { token } = await client.newAccount('ada');
    await client.newAccount('bob');
    const file = join(temporaryDirectory(), 'export.ndjson');
    expectDone(await client.put(token, 'exported', 'old'));
    await run('export', file);
    let written = 0;
    const done = new AbortController();
    const writing = (async () => {
      for (; !done.signal.aborted; written++) expectDone(await client.put(token, `k${written}`, written));
    })();
    expectDone(await client.put(token, 'exported', 'new'));
    for (const command of [
      ['user', 'disable', 'bob'],
      ['import', file],
      ['user', 'enable', 'bob'],
      ['user', 'erase', 'bob'],
    ]) {
      const from = written;
      await run(...command);
      await eventually(() => written > from, 'a write');
    }
    await eventually(isAlone, 'the API to have the directory alone');
    const until = written;
    await eventually(() => written > until, 'a write of the API alone');
    done.abort();
    await writing;
    for (let index = 0; index < written; index++) expectValue(await client.get(token, `k${index}`), index);
    expectValue(await client.get(token, 'exported'), 'new');
  });

  it('is taken back when a command is killed', async () => {
    const command = new Child('a command', process.execPath, ['--input-type=module', '-e', borrowing], {
      env: { DIRECTORY: directory },
    });
    await command.says(/opened/);
    expect(await mode()).to.equal('shared');
    const client = new KeybinClient(api.url);
    const { token } = await client.newAccount();
    expectDone(await client.put(token, 'k', 'lent'));
    await command.kill('SIGKILL');
    await eventually(isAlone, 'the API to have the directory alone');
    expectDone(await client.put(token, 'k', 'alone'));
    expectValue(await client.get(token, 'k'), 'alone');
  });

  it('is lent to nobody else: another API is refused', async () => {
    const other = launchApi({ env });
    await other.child.says(/process \d+ has it open, and \[APP\] processes = 1 requires it exclusively/);
    await other.child.exited;
    const giveBack = await borrowDirectory(directory, times);
    expect(giveBack, 'borrowed').to.be.a('function');
    expect(await mode()).to.equal('shared');
    giveBack?.();
    await eventually(isAlone, 'the API to have the directory alone');
  });

  it('has a socket for its owner only, which goes with the API, and replaces that of a killed one', async () => {
    const socket = lenderSocketIn(directory) ?? '';
    expect(statSync(socket).mode & 0o777).to.equal(0o600);
    await api.kill('SIGKILL');
    expect(existsSync(socket), 'left behind').to.equal(true);
    await run('prepare'); // nobody listens: the command opens it by itself
    api = await spawnApi({ env });
    await run('prepare');
    await api.stop();
    expect(existsSync(socket), 'removed').to.equal(false);
  });
});

describe('a directory whose path is too long for a socket', function () {
  this.timeout(30_000);

  it('serves, and says that commands that write need the service to be stopped', async () => {
    const directory = join(temporaryDirectory(), 'x'.repeat(100));
    mkdirSync(directory);
    const env = { KEYBIN_STORE_HOST: `lmdb://${directory}` };
    const api = await spawnApi({ env });
    try {
      await new KeybinClient(api.url).newAccount('ada');
      expect(api.output).to.match(/Commands that write need this service to be stopped/);
      const { code, stderr } = await keybin(['user', 'disable', 'ada'], env);
      expect(code).to.equal(1);
      expect(stderr).to.match(/^keybin: Cannot use [^\n]*: process \d+ has it open, [^\n]*stop that process[^\n]*\n$/);
    } finally {
      await api.stop();
    }
    expect(await keybin(['user', 'disable', 'ada'], env)).to.include({ code: 0 });
  });
});
