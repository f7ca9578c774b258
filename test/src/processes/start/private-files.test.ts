import { chmodSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { action, fileOf, sendForm } from '../../contract/v1/upload-calls.js';
import { v1Token } from '../../contract/v1/calls.js';
import { expectOk, KeybinClient } from '../../world/clients/keybin-client.js';
import { spawnKeybin } from '../../world/processes/keybin-command.js';
import { spawnApi } from '../../world/processes/keybin-process.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';

/** Returns the directory and everything below it that other users may access, with their rights. */
function open(directory: string): string[] {
  const paths = [
    directory,
    ...readdirSync(directory, { recursive: true }).map((name) => join(directory, String(name))),
  ];
  return paths.flatMap((path) => {
    const mode = statSync(path).mode & 0o777;
    return (mode & 0o077) === 0 ? [] : [`${path} ${mode.toString(8)}`];
  });
}

describe('the files of a store', function () {
  this.timeout(30_000);

  it('are for the user of the service only, whatever was there before and whatever the umask is', async () => {
    const directory = temporaryDirectory();
    const env = { KEYBIN_STORE_HOST: `lmdb://${directory}` };
    const before = process.umask(0o022);
    try {
      const first = await spawnApi({ env });
      const client = new KeybinClient(first.url);
      const account = await client.newAccount();
      expectOk(await sendForm(client, await v1Token(client, account), [action, fileOf('bytes', 'name')]));
      expect(open(directory)).to.deep.equal([]);
      await first.stop();
      for (const name of ['.', 'files']) chmodSync(join(directory, name), 0o755);
      for (const name of ['data.mdb', 'lock.mdb', 'open.lock']) chmodSync(join(directory, name), 0o644);
      const next = await spawnApi({ env });
      expect(open(directory)).to.deep.equal([]);
      await next.stop();
      const exported = join(temporaryDirectory(), 'export.ndjson');
      expect(await spawnKeybin(['export', exported], env).exited).to.include({ code: 0 });
      expect(statSync(exported).mode & 0o777).to.equal(0o600);
    } finally {
      process.umask(before);
    }
  });
});
