import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect } from 'chai';
import { exportStore } from '@keybin/cli/transfer/export.js';
import { importFile } from '@keybin/cli/transfer/import.js';
import { withUnnamedFile, writeAt } from '@keybin/cli/transfer/spool.js';
import { inNewFile } from '@keybin/cli/transfer/export-target.js';
import { withStoreWriter } from '@keybin/cli/command/with-store.js';
import { loadConfig } from '@keybin/shared/config/load/load-config.js';
import type { TransferRecord } from '@keybin/shared/ports/transfer-records.js';
import type { Child } from '../../world/processes/child.js';
import { eventually } from '../../world/eventually.js';
import { KeybinClient } from '../../world/clients/keybin-client.js';
import { keybin, keybinJson, spawnKeybin } from '../../world/processes/keybin-command.js';
import { spawnApi } from '../../world/processes/keybin-process.js';
import { preloaded } from '../../world/processes/preloaded.js';
import { programs } from '../../world/services/services.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';
import { exportTo, fullAccount, importFrom, quietly, shell } from '../../unit/transfer/transfer-world.js';

const embedded = () => ({ KEYBIN_STORE_HOST: `lmdb://${temporaryDirectory()}` });
const place = (name = 'export.ndjson') => join(temporaryDirectory(), name);

const expectNothingBeside = (file: string) => expect(readdirSync(dirname(file))).to.deep.equal([]);

const empty = { location: 'here', size: async () => 0, records: () => records([]) };

/** Source of a library whose `link` fails with EPERM, as on FAT. */
const noHardLinks = `
  int *__errno_location(void);
  int link(const char *from, const char *to) { *__errno_location() = 1; return -1; }
`;

async function* records(all: readonly TransferRecord[]): AsyncGenerator<TransferRecord> {
  yield* all;
}

async function* failingRecords(): AsyncGenerator<TransferRecord> {
  yield* records([]);
  throw new Error('the store fails');
}

async function* pieces(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

/** Returns the error that a promise was rejected with. */
const refusalOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'not refused',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );

describe('The file of an export or import', function () {
  this.timeout(60_000);
  const source = embedded();
  const whole = place();
  before(async () => {
    const api = await spawnApi({ env: source });
    try {
      for (let count = 0; count < 3; count++) await fullAccount(new KeybinClient(api.url));
    } finally {
      await api.stop();
    }
    await exportTo(whole, source);
  });

  /** Starts an export that hangs in the middle of its file, because the disk does not return a file's bytes. */
  async function hangingExport(file: string): Promise<Child> {
    const directory = temporaryDirectory();
    cpSync(source.KEYBIN_STORE_HOST.slice('lmdb://'.length), directory, { recursive: true });
    const files = readdirSync(join(directory, 'files'), { recursive: true, encoding: 'utf8', withFileTypes: true });
    for (const each of files.filter((entry) => entry.isFile())) {
      const path = join(each.parentPath, each.name);
      rmSync(path);
      execFileSync('mkfifo', [path]); // nobody writes into it
    }
    const run = spawnKeybin(['export', file], { KEYBIN_STORE_HOST: `lmdb://${directory}` });
    await eventually(() => !run.alive || readdirSync(dirname(file)).length > 0, 'the export to begin');
    expect(run.alive).to.equal(true);
    return run;
  }

  it('has its name only once it is complete: a full disk leaves nothing', async () => {
    const file = place();
    const { code, stderr } = await shell(`ulimit -f 2000; keybin export '${file}'`, source);
    expect(code).to.equal(1);
    expect(stderr).to.match(/^keybin: EFBIG[^\n]*\n$/);
    expectNothingBeside(file);
    await exportTo(file, source);
    expect(readFileSync(file).equals(readFileSync(whole))).to.equal(true);
  });

  it('has its name only once it is complete: an error in the middle leaves nothing', async () => {
    const file = place();
    const failing = { ...empty, records: failingRecords };
    const target = await inNewFile(file, quietly.cleanUpAtSignal);
    expect(readdirSync(dirname(file))).to.have.lengthOf(1);
    expect(await refusalOf(exportStore(failing, target, quietly))).to.equal('the store fails');
    expectNothingBeside(file);
  });

  for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) {
    it(`has its name only once it is complete: ${signal} leaves nothing, and ends the process as usual`, async () => {
      const file = place();
      const run = await hangingExport(file);
      await run.kill(signal);
      expect(await run.exited).to.deep.equal({ code: null, signal });
      expectNothingBeside(file);
    });
  }

  it('has its name only once it is complete: after kill -9 only its owner can read the rest, which blocks nothing', async () => {
    const file = place();
    const run = await hangingExport(file);
    await run.kill('SIGKILL');
    const [left = '', ...others] = readdirSync(dirname(file));
    expect(left).to.match(/^export\.ndjson\.[0-9a-f]{8}\.partial$/);
    expect(others).to.deep.equal([]);
    expect(statSync(join(dirname(file), left)).mode & 0o777).to.equal(0o600);
    await exportTo(file, source);
    expect(readFileSync(file).equals(readFileSync(whole))).to.equal(true);
  });

  it('is not replaced by a second export that ends later', async () => {
    const file = place();
    const [first, second] = [
      await inNewFile(file, quietly.cleanUpAtSignal),
      await inNewFile(file, quietly.cleanUpAtSignal),
    ];
    await exportStore(empty, first, quietly);
    const bytes = readFileSync(file);
    const other = { ...empty, location: 'elsewhere' };
    expect(await refusalOf(exportStore(other, second, quietly))).to.match(/already exists/);
    expect(readFileSync(file).equals(bytes)).to.equal(true);
    expect(readdirSync(dirname(file))).to.deep.equal([basename(file)]);
  });

  describe('on a file system without hard links', () => {
    programs('gcc');

    it('has its name when it is complete, too', async () => {
      const file = place();
      const { code } = await shell(`keybin export '${file}'`, { ...source, ...preloaded(noHardLinks) });
      expect(code).to.equal(0);
      expect(readFileSync(file).equals(readFileSync(whole))).to.equal(true);
      expect(readdirSync(dirname(file))).to.deep.equal([basename(file)]);
    });
  });

  it('is a pipe that is written or read completely, without a warning, whatever its name', async () => {
    const file = place();
    const exported = await shell(`keybin export - | cat > '${file}'`, source);
    expect(exported.code).to.equal(0);
    expect(exported.stderr).to.match(/^[^\n]*exported, sha256 [0-9a-f]{64}\n$/);
    expect(readFileSync(file).equals(readFileSync(whole))).to.equal(true);
    const target = embedded();
    const imported = await shell(`cat '${file}' | keybin import /dev/stdin --json`, target);
    expect(JSON.parse(imported.stdout)).to.include({ accounts: 3 });
    expect(await keybinJson<{ users: unknown[] }>(['user', 'list'], target))
      .to.have.property('users')
      .with.lengthOf(3);
  });

  it('is a pipe whose reader closes it, which ends the export', async () => {
    const { code, stderr } = await shell('keybin export - | head -c 1', source);
    expect(code).to.equal(1);
    expect(stderr).to.match(/^keybin: [^\n]*EPIPE\n$/);
  });

  it('has no name while it is a copy, so that a kill leaves no password hash behind', async () => {
    const directory = temporaryDirectory();
    const before = process.env['TMPDIR'];
    process.env['TMPDIR'] = directory;
    try {
      await withUnnamedFile(async (handle) => {
        await writeAt(handle, Buffer.from('a hash'), 0);
        expect(readdirSync(directory)).to.deep.equal([]);
        const { buffer } = await handle.read(Buffer.alloc(6), 0, 6, 0);
        expect(buffer.toString()).to.equal('a hash');
      });
    } finally {
      if (before === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = before;
    }
  });

  it('is not imported completely if it changed between the check and the import', async () => {
    const target = embedded();
    const bytes = readFileSync(whole);
    let reads = 0;
    const changed = { name: 'it', read: () => pieces(reads++ === 0 ? bytes : bytes.subarray(0, 300)) };
    const config = loadConfig(['--config', '/dev/null'], target);
    expect(await refusalOf(withStoreWriter(config, (writer) => importFile(writer, changed, quietly)))).to.match(
      /changed during the import/,
    );
    expect(await importFrom(whole, target)).to.include({ accounts: 3 });
  });
});

describe('The output of keybin', function () {
  this.timeout(60_000);
  const env = embedded();
  before(() => keybin(['prepare'], env));

  it('that cannot be written is a failure', async () => {
    const { code, stderr } = await shell('keybin user list > /dev/full', env);
    expect(code).to.equal(1);
    expect(stderr).to.match(/^keybin: the output could not be written: [^\n]*ENOSPC[^\n]*\n$/);
  });

  it('that its reader does not read to the end is not a failure', async () => {
    expect(await shell('keybin --help | head -c 1', env)).to.deep.include({ code: 0, stderr: '' });
  });
});
