import { expect } from 'chai';
import { MongoClient } from 'mongodb';
import { unusedPort } from '../../world/processes/some-port.js';
import { keybin, keybinJson } from '../../world/processes/keybin-command.js';
import { services } from '../../world/services/services.js';
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
    const servers = services();

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

    it('fails in one line while Redis is down', async () => {
      const { code, stderr } = await keybin(['prepare'], {
        ...servers.env,
        KEYBIN_QUEUE_REDIS: `redis://127.0.0.1:${unusedPort}`,
      });
      expect(code).to.equal(1);
      expect(stderr).to.match(/^keybin: Redis at [^\n]* cannot be reached[^\n]*\n$/);
    });
  });
});
