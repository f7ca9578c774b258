import { readdirSync, statSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { fullAccount, type Env } from '../../unit/transfer/transfer-world.js';
import { eventually } from '../../world/eventually.js';
import { KeybinClient } from '../../world/clients/keybin-client.js';
import { keybin } from '../../world/processes/keybin-command.js';
import { spawnApi } from '../../world/processes/keybin-process.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';
import { ScaleOutWorld } from '../../world/services/scale-out-world.js';
import { services } from '../../world/services/services.js';

const checks = 5;

/** Asserts that checks find a store sound while clients write. */
async function checkWhileWriting(client: KeybinClient, env: Env): Promise<void> {
  await fullAccount(client, 200);
  const { token } = await client.newAccount();
  let writes = 0;
  const done = new AbortController();
  const write = async (writer: number) => {
    for (let n = 0; !done.signal.aborted; n++) {
      await client.put(token, `key.${writer}.${n % 50}`, 'x'.repeat((n % 5) * 2_000));
      if (n % 3 === 0) await client.delete(token, `key.${writer}.${n % 50}`);
      writes += 1;
    }
  };
  const writers = Promise.all([0, 1, 2, 3].map(write));
  try {
    for (let n = 0; n < checks; n++) {
      const before = writes;
      const { code, stdout, stderr } = await keybin(['check'], env);
      expect(stderr).to.equal('');
      expect(stdout).to.match(/^The store is sound: 2 accounts, \d+ entries, 2 posts and 3 files\n$/);
      expect(code).to.equal(0);
      await eventually(() => writes > before, 'a write'); // a check may be quicker than one
    }
  } finally {
    done.abort();
    await writers;
  }
}

describe('keybin check, embedded engine', function () {
  this.timeout(60_000);
  const directory = temporaryDirectory();
  const env = { KEYBIN_STORE_HOST: `lmdb://${directory}` };

  it('finds a store sound while clients write, and files whose bytes are wrong or missing', async () => {
    const api = await spawnApi({ env });
    try {
      await checkWhileWriting(new KeybinClient(api.url), env);
    } finally {
      await api.stop();
    }
    const root = join(directory, 'files');
    const paths = readdirSync(root, { recursive: true, encoding: 'utf8' }).map((name) => join(root, name));
    const [one, other] = paths.filter((path) => statSync(path).isFile() && statSync(path).size > 0);
    const bytes = statSync(one ?? '').size;
    writeFileSync(one ?? '', Buffer.alloc(bytes));
    const changed = await keybin(['check'], env);
    expect(changed).to.include({ code: 1, stderr: '' });
    expect(changed.stdout).to.match(
      /^The store is damaged:\nfile [0-9a-f]{24}: its bytes do not match its length and SHA-256\n$/,
    );
    truncateSync(other ?? '', 1);
    const short = await keybin(['check'], env);
    expect(short.stdout).to.match(/^The store is damaged:\nfile [0-9a-f]{24}: it has 1 bytes, not \d+\n$/);
    unlinkSync(other ?? '');
    const missing = await keybin(['check', '--json'], env);
    expect(missing.code).to.equal(1);
    const { problems, sound } = JSON.parse(missing.stdout) as { sound: boolean; problems: string[] }; // asserted next
    expect(sound).to.equal(false);
    expect(problems).to.have.lengthOf(1);
    expect(problems[0]).to.match(/^file [0-9a-f]{24}: its bytes are missing$/);
  });
});

describe('keybin check, scale-out engine', function () {
  this.timeout(60_000);
  const world = new ScaleOutWorld({ services });

  it('finds a store sound while clients write and a worker applies', async () => {
    await world.startWorker();
    await checkWhileWriting(world.here, world.services.env);
  });
});
