import { temporaryDirectory } from '../../world/processes/temporary-directory.js';
import { stoppingSuite } from './suite.js';

for (const processes of [1, 2]) {
  describe(`an API of the embedded engine that shuts down under load, [APP] processes = ${processes}`, function () {
    this.timeout(60_000); // processes start and end, on a machine that may be busy
    const own = { KEYBIN_STORE_HOST: `lmdb://${temporaryDirectory()}`, KEYBIN_APP_PROCESSES: String(processes) };
    stoppingSuite(() => own, { isReplaceable: processes > 1 });
  });
}
