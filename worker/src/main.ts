import { loadConfigOrExit } from '@keybin/shared/config/load/load-config.js';
import { Lifecycle } from '@keybin/shared/process/lifecycle.js';
import { logIgnoredVariables } from '@keybin/shared/config/load/environment.js';
import { messageOf } from '@keybin/shared/errors.js';
import { createLog } from '@keybin/shared/process/log.js';
import { startWorker } from './worker.js';

process.umask(0o077); // its files are for its own user only

const config = loadConfigOrExit(process.argv.slice(2), process.env);
const log = createLog(config.app);
logIgnoredVariables(log, process.env);
const lifecycle = new Lifecycle({
  log,
  drainTimeoutMs: config.limits.drainTimeoutSeconds * 1_000,
  times: config.times,
});
lifecycle.endOnSignals();

try {
  await startWorker(config, lifecycle, log);
} catch (error) {
  // A worker that is told to end while it starts exits once it has drained.
  if (!lifecycle.ending) {
    process.stderr.write(`Keybin's worker cannot start: ${messageOf(error)}\n`);
    process.exit(1);
  }
}
