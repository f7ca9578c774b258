import { spawnApi, type ApiProcess } from '../../world/processes/keybin-process.js';
import { memorySuite } from './suite.js';

describe('the memory of an API of the embedded engine', function () {
  this.timeout(60_000); // much is sent, on a machine that may be busy
  let api: ApiProcess;

  before(async () => {
    api = await spawnApi();
  });
  after(() => api?.stop());

  memorySuite(() => api);
});
