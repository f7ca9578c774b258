/**
 * An API or a worker, by its first argument. KEYBIN_TEST_TIMES changes its times: a JSON object with some members of a
 * `TimeBudget`.
 */
import { apiLifecycle } from '@keybin/api/api-lifecycle.js';
import { startApi } from '@keybin/api/start-api.js';
import { loadConfigOrExit } from '@keybin/shared/config/load/load-config.js';
import { createLog } from '@keybin/shared/process/log.js';
import { timeBudget, type TimeBudget } from '@keybin/shared/time-budget.js';
import { startWorker } from '@keybin/worker/worker.js';

const [, , which, ...args] = process.argv;
const given = JSON.parse(process.env['KEYBIN_TEST_TIMES'] ?? '{}') as Partial<TimeBudget>; // the test's own
const config = { ...loadConfigOrExit(args, process.env), times: timeBudget(given) };
const log = createLog(config.app);
const lifecycle = apiLifecycle(config, log);
lifecycle.endOnSignals();
if (which === 'worker') await startWorker(config, lifecycle, log);
else {
  const { address, data } = await startApi(config, log, lifecycle);
  log.info(`Keybin listens on ${address}, data in ${data}`);
}
