import { startWorker } from '../../world/processes/keybin-service.js';
import type { RunningWorker } from '../../world/processes/running.js';
import { services } from '../../world/services/services.js';
import { stoppingSuite } from './suite.js';

describe('an API of the scale-out engine that shuts down under load', function () {
  this.timeout(60_000); // processes start and end, on a machine that may be busy
  let worker: RunningWorker;
  after(() => worker?.stop());
  const given = services();
  before(async () => {
    worker = await startWorker({ env: given.env });
  });

  for (const processes of [1, 2]) {
    describe(`[APP] processes = ${processes}`, () => {
      const own = () => ({ ...given.env, KEYBIN_APP_PROCESSES: String(processes) });
      stoppingSuite(own, { isReplaceable: processes === 1 });
    });
  }
});
