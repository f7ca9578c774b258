import { expect } from 'chai';
import { keybin } from '../../world/processes/keybin-command.js';
import { KeybinClient } from '../../world/clients/keybin-client.js';
import { spawnApi, type ApiProcess } from '../../world/processes/keybin-process.js';

import { ScaleOutWorld } from '../../world/services/scale-out-world.js';
import { services } from '../../world/services/services.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';
import { userSuite } from './user-suite.js';

describe('keybin user, embedded engine', function () {
  this.timeout(60_000);
  const env = { KEYBIN_STORE_HOST: `lmdb://${temporaryDirectory()}`, KEYBIN_APP_PROCESSES: '2' };
  let api: ApiProcess | undefined;
  before(async () => {
    api = await spawnApi({ env });
  });
  after(() => api?.stop());
  const client = () => new KeybinClient(api?.url ?? '', { connection: 'close' }); // either of the two processes
  userSuite(
    {
      get here() {
        return client();
      },
      get there() {
        return client();
      },
    },
    () => env,
  );

  it('with [APP] processes = 1 lists next to the API, and says in one line how to run the other commands', async () => {
    const alone = { KEYBIN_STORE_HOST: `lmdb://${temporaryDirectory()}` };
    const own = await spawnApi({ env: alone });
    try {
      const { username } = await new KeybinClient(own.url).newAccount('ada');
      expect((await keybin(['user', 'list'], alone)).stdout).to.match(/ ada\n$/);
      const { code, stderr } = await keybin(['user', 'disable', username], alone);
      expect(code).to.equal(1);
      expect(stderr).to.match(
        /^keybin: Cannot use [^\n]*: process \d+ has it open, [^\n]*\[APP\] processes = 2 or more for both\n$/,
      );
    } finally {
      await own.stop();
    }
    expect((await keybin(['user', 'disable', 'ada'], alone)).code).to.equal(0);
  });

  it('list says in one line that there is no store yet', async () => {
    const { code, stderr } = await keybin(['user', 'list'], {
      KEYBIN_STORE_HOST: `lmdb://${temporaryDirectory()}/none`,
    });
    expect(code).to.equal(1);
    expect(stderr).to.match(/^keybin: Cannot read [^\n]*: there is no store yet\n$/);
  });
});

describe('keybin user, scale-out engine', function () {
  this.timeout(60_000);
  const world = new ScaleOutWorld({ services, workers: 1 });
  userSuite(world, () => world.services.env);
});
