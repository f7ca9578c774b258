import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { importFile } from '@keybin/cli/transfer/import.js';
import { withUnnamedFile, writeAt } from '@keybin/cli/transfer/spool.js';
import { inFile } from '@keybin/cli/transfer/target.js';
import { withWriter } from '@keybin/cli/with-store.js';
import { loadConfig } from '@keybin/shared/config/load-config.js';
import { printHead } from '@keybin/shared/transfer/lines.js';
import { KeybinClient } from '../world/keybin-client.js';
import { keybin, keybinJson } from '../world/keybin-command.js';
import { spawnApi } from '../world/keybin-process.js';
import { temporaryDirectory } from '../world/temporary-directory.js';
import { exportTo, fullAccount, importFrom, quietly, shell, type Env } from './transfer-world.js';

const embedded = (): Env => ({ KEYBIN_STORE_HOST: `lmdb://${temporaryDirectory()}` });
const place = (name = 'export.ndjson') => join(temporaryDirectory(), name);

async function* pieces(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

/** What a promise was refused with. */
const refusalOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'not refused',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );

describe('What an export is written to and an import is read from', function () {
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

  it("is its owner's alone even if somebody else has made the empty file", async () => {
    const file = place();
    writeFileSync(file, '');
    chmodSync(file, 0o644);
    await exportTo(file, source);
    expect(statSync(file).mode & 0o777).to.equal(0o600);
  });

  it('is written by one export at a time', async () => {
    const file = place();
    const [first, second] = [inFile(file), inFile(file)];
    await first.begin();
    await second.begin();
    await first.write(Buffer.from(`${printHead('here')}\n`));
    expect(await refusalOf(second.write(Buffer.from('x')))).to.match(/is written by somebody else/);
    await first.close();
    await second.close();
    expect(readFileSync(file, 'utf8')).to.equal(`${printHead('here')}\n`);
  });

  it('has no more room in the middle of a line, and is completed when it has', async () => {
    const file = place();
    const limitKiB = 2_000;
    const { code } = await shell(`ulimit -f ${limitKiB}; keybin export '${file}'`, source);
    expect(code).not.to.equal(0);
    expect(statSync(file).size).to.equal(limitKiB * 1_024);
    expect(await exportTo(file, source)).to.include({ continued: true });
    expect(readFileSync(file).equals(readFileSync(whole))).to.equal(true);
  });

  it('is a file: a device is refused in one line', async () => {
    const { code, stderr } = await keybin(['export', '/dev/full'], source);
    expect(code).to.equal(1);
    expect(stderr).to.equal("keybin: /dev/full is no file; '-' is standard output\n");
  });

  it('is a pipe that takes or gives all, without a warning, whatever its name', async () => {
    const file = place();
    const exported = await shell(`keybin export - | cat > '${file}'`, source);
    expect(exported.code).to.equal(0);
    expect(exported.stderr).to.match(/^[^\n]*exported, sha256 [0-9a-f]{64}\n$/);
    expect(readFileSync(file).equals(readFileSync(whole))).to.equal(true);
    const target = embedded();
    const imported = await shell(`cat '${file}' | keybin import /dev/stdin --json`, target);
    expect(JSON.parse(imported.stdout)).to.include({ accounts: 3, alreadyImported: false });
    expect(await keybinJson<{ users: unknown[] }>(['user', 'list'], target))
      .to.have.property('users')
      .with.lengthOf(3);
  });

  it('is a pipe whose reader has gone, which ends the export', async () => {
    const { code, stderr } = await shell('keybin export - | head -c 1', source);
    expect(code).to.equal(1);
    expect(stderr).to.match(/^keybin: [^\n]*EPIPE\n$/);
  });

  it('has no name while it is a copy, so that a kill leaves no hash behind', async () => {
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

  it('is not done when it was changed between the look at it and the import', async () => {
    const target = embedded();
    const bytes = readFileSync(whole);
    let reads = 0;
    const changed = { name: 'it', read: () => pieces(reads++ === 0 ? bytes : bytes.subarray(0, 300)) };
    const config = loadConfig(['--config', '/dev/null'], target);
    expect(await refusalOf(withWriter(config, (writer) => importFile(writer, changed, false, quietly)))).to.match(
      /was changed/,
    );
    expect(await importFrom(whole, target)).to.include({ alreadyImported: false, accounts: 3 });
  });
});

describe('The answer of keybin', function () {
  this.timeout(60_000);
  const env = embedded();
  before(() => keybin(['prepare'], env));

  it('that cannot be written is a failure', async () => {
    const { code, stderr } = await shell('keybin user list > /dev/full', env);
    expect(code).to.equal(1);
    expect(stderr).to.match(/^keybin: the answer could not be written: [^\n]*ENOSPC[^\n]*\n$/);
  });

  it('that its reader does not want to the end is none', async () => {
    expect(await shell('keybin --help | head -c 1', env)).to.deep.include({ code: 0, stderr: '' });
  });
});
