import cluster from 'node:cluster';
import { loadConfigOrExit } from '@keybin/shared/config/load/load-config.js';
import { logIgnoredVariables } from '@keybin/shared/config/load/environment.js';
import { messageOf } from '@keybin/shared/errors.js';
import { createLog } from '@keybin/shared/process/log.js';
import { apiLifecycle } from './api-lifecycle.js';
import { tell, type Listening } from './cluster/child-messages.js';
import { endWithPrimary, runPrimary } from './cluster/primary.js';

process.umask(0o077); // its files are for its own user only

const config = loadConfigOrExit(process.argv.slice(2), process.env);
const log = createLog({ debug: config.app.debug });
const lifecycle = apiLifecycle(config, log);
logIgnoredVariables(log, process.env);

try {
  if (cluster.worker) endWithPrimary(cluster.worker, lifecycle);
  else lifecycle.endOnSignals();
  const { address, data } = await start();
  if (cluster.worker) tell(cluster.worker, { type: 'listening', address, data });
  else log.info(`Keybin listens on ${address}, data in ${data}`);
} catch (error) {
  // If it was told to shut down while it started, it exits when it has drained.
  if (!lifecycle.ending) {
    process.stderr.write(`Keybin cannot start: ${messageOf(error)}\n`);
    process.exit(1);
  }
}

/** Starts the primary of several, or a process that serves. The primary loads no engine and no HTTP, so it is small. */
async function start(): Promise<Listening> {
  if (cluster.isPrimary && config.app.processes > 1) return runPrimary(config, log, lifecycle);
  const { startApi } = await import('./start-api.js');
  return startApi(config, log, lifecycle);
}
