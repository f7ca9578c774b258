import { spawnApi, spawnWorker, type WorkerProcess } from '../../world/processes/keybin-process.js';
import { services } from '../../world/services/services.js';
import { stoppingSuite } from './suite.js';

describe('an API of the scale-out engine that shuts down under load', function () {
  this.timeout(60_000); // processes start and end, on a machine that may be busy
  let worker: WorkerProcess;
  after(() => worker?.stop());
  const given = services();
  before(async () => {
    worker = await spawnWorker({ env: given.env });
  });

  for (const processes of [1, 2]) {
    describe(`[APP] processes = ${processes}`, () => {
      const own = { KEYBIN_APP_PROCESSES: String(processes) };
      stoppingSuite((env) => spawnApi({ env: { ...given.env, ...own, ...env } }), { sharesData: true });
    });
  }
});
