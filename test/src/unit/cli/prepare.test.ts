import { expect } from 'chai';
import { MongoClient } from 'mongodb';
import { unusedPort } from '../../world/processes/some-port.js';
import { keybin, keybinJson, spawnKeybin } from '../../world/processes/keybin-command.js';
import { ownServices } from '../../world/services/services.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';

interface Prepared {
  readonly engine: string;
  readonly location: string;
}

describe('keybin prepare', () => {
  it('creates the directory of the embedded engine, and may be repeated', async () => {
    const directory = temporaryDirectory();
    const env = { KEYBIN_STORE_HOST: `lmdb://${directory}/data` };
    for (let times = 0; times < 2; times++) {
      expect(await keybinJson<Prepared>(['prepare'], env)).to.deep.equal({
        engine: 'embedded',
        location: `${directory}/data`,
      });
    }
  });

  it('says in one line why the services cannot start, and exits with 1', async () => {
    const env = { KEYBIN_STORE_HOST: 'lmdb:///dev/null/data' };
    const { code, stderr } = await keybin(['prepare'], env);
    expect(code).to.equal(1);
    expect(stderr).to.match(/^keybin: Cannot use \/dev\/null\/data[^\n]*\n$/);
  });

  describe('of the scale-out engine', () => {
    const servers = ownServices();

    it('creates the indexes', async () => {
      await keybinJson<Prepared>(['prepare'], servers.env);
      const client = await MongoClient.connect(servers.mongoUrl);
      try {
        const users = await client.db(servers.database).collection('users').indexes();
        expect(users.filter(({ unique }) => unique).map(({ key }) => Object.keys(key).join())).to.include.members([
          'username',
          'user_id',
          'number',
        ]);
      } finally {
        await client.close();
      }
    });

    it('waits for a Redis that is not there yet, and says so', async () => {
      await servers.redis.stop();
      const run = spawnKeybin(['prepare'], servers.env);
      await run.says(/^keybin: Waiting: Redis at .* cannot be reached/m);
      await servers.redis.start();
      expect(await run.exited).to.deep.equal({ code: 0, signal: null });
      expect(run.answer).to.match(/^.* \(scale-out\) is ready\n$/);
      expect(run.errors).to.match(/^(keybin: .*\n)+$/);
    });

    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      it(`ends at ${signal} while it waits for MongoDB`, async () => {
        const env = { ...servers.env, KEYBIN_STORE_HOST: `mongodb://127.0.0.1:${unusedPort}` };
        const run = spawnKeybin(['prepare'], env);
        await run.says(/^keybin: Waiting: MongoDB cannot be used/m);
        await run.kill(signal);
        expect(await run.exited).to.deep.equal({ code: null, signal });
      });
    }
  });
});
