import { expect } from 'chai';
import { keybin } from '../../world/processes/keybin-command.js';
import { ScaleOutWorld } from '../../world/services/scale-out-world.js';
import { services } from '../../world/services/services.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';
import { userSuite } from './user-suite.js';

describe('keybin user, embedded engine', () => {
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
