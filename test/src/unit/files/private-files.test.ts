import { chmodSync, chownSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { action, fileOf, sendForm } from '../../contract/v1/upload-calls.js';
import { v1Token } from '../../contract/v1/calls.js';
import { expectDone, expectValue } from '../../contract/subjects/answers.js';
import { expectOk, KeybinClient } from '../../world/clients/keybin-client.js';
import { eventually } from '../../world/eventually.js';
import { keybin } from '../../world/processes/keybin-command.js';
import { startApi } from '../../world/processes/keybin-service.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';

const nobody = 65_534;

/** Returns the directory and everything below it. */
const pathsIn = (directory: string) => [
  directory,
  ...readdirSync(directory, { recursive: true }).map((name) => join(directory, String(name))),
];

/** Modes that are not those of private files. */
const wrongModes = (directory: string) =>
  pathsIn(directory).flatMap((path) => {
    const stat = statSync(path);
    const mode = stat.mode & 0o777;
    return mode === (stat.isDirectory() ? 0o700 : 0o600) ? [] : [`${path} ${mode.toString(8)}`];
  });

/** Stores a value and a file. Returns the token for the value. */
async function upload(url: string): Promise<string> {
  const client = new KeybinClient(url);
  const account = await client.newAccount();
  expectDone(await client.put(account.token, 'a', 1));
  expectOk(await sendForm(client, await v1Token(client, account), [action, fileOf('bytes', 'name')]));
  return account.token;
}

describe('the files of a store, embedded engine', () => {
  let directory: string;
  const env = () => ({ KEYBIN_STORE_HOST: `lmdb://${directory}` });
  const start = () => startApi({ env: env() });

  beforeEach(() => {
    directory = temporaryDirectory();
  });

  it('get modes 700 and 600 when they are made, and at each start what was there before', async () => {
    const first = await start();
    const token = await upload(first.url);
    expect(pathsIn(directory).map((path) => path.slice(directory.length + 1))).to.include.members([
      'service.sock',
      'files',
    ]);
    expect(wrongModes(directory)).to.deep.equal([]);
    await first.stop();
    for (const path of pathsIn(directory)) chmodSync(path, statSync(path).isDirectory() ? 0o755 : 0o666);
    const { code, stdout } = await keybin(['doctor'], env());
    expect(code).to.equal(1);
    expect(stdout).to.match(
      /^problem +permissions: other users can access .*\(755\), .*data\.mdb \(666\).* and \d+ more/m,
    );
    const next = await start();
    await eventually(() => wrongModes(directory).length === 0, 'all modes');
    expect(next.output).not.to.include('Other users');
    expectValue(await new KeybinClient(next.url).get(token, 'a'), 1);
    expect((await keybin(['doctor'], env())).stdout).to.match(/^ok +permissions: /m);
    await next.stop();
  });

  it('of another owner are named in the log and by doctor, and the service goes on', async function () {
    if (process.geteuid?.() !== 0) this.skip();
    const first = await start();
    const token = await upload(first.url);
    await first.stop();
    const file = pathsIn(join(directory, 'files')).find((path) => statSync(path).isFile()) ?? '';
    for (const path of pathsIn(directory)) chownSync(path, nobody, nobody);
    const lock = join(directory, 'open.lock');
    for (const path of [lock, file]) {
      chownSync(path, 0, 0);
      chmodSync(path, 0o666);
    }
    process.seteuid?.(nobody);
    try {
      const api = await start();
      const told = (path: string) =>
        api.logs.some(({ level, paths }) => level === 40 && Array.isArray(paths) && paths.includes(path));
      await eventually(() => told(`${lock} (666)`) && told(`${file} (666)`), 'both in the log');
      const client = new KeybinClient(api.url);
      expectDone(await client.put(token, 'b', 2));
      expectValue(await client.get(token, 'a'), 1);
      await api.stop();
    } finally {
      process.seteuid?.(0);
    }
    const { stdout } = await keybin(['doctor'], env());
    expect(stdout).to.match(/^warning +permissions: other users have rights on .*open\.lock \(666\)/m);
    expect(stdout).to.include(file);
  });
});
