import cluster from 'node:cluster';
import { loadConfigOrExit } from '@keybin/shared/config/load/load-config.js';
import { createLog } from '@keybin/shared/process/log.js';
import type { ChildMessage } from './cluster/child-messages.js';
import { endWithPrimary, runPrimary } from './cluster/primary.js';
import { lifecycleOf, startApi } from './start-api.js';

const config = loadConfigOrExit(process.argv.slice(2), process.env);
const log = createLog({ debug: config.app.debug });
const lifecycle = lifecycleOf(config, log);

try {
  if (cluster.worker) {
    endWithPrimary(cluster.worker, lifecycle);
    const { address, data } = await startApi(config, log, lifecycle);
    cluster.worker.send({ type: 'listening', address, data } satisfies ChildMessage);
  } else {
    lifecycle.endOnSignals();
    const start = config.app.processes > 1 ? runPrimary : startApi;
    const { address, data } = await start(config, log, lifecycle);
    log.info(`Keybin listens on ${address}, data in ${data}`);
  }
} catch (error) {
  // If it was told to shut down while it started, it exits when it has drained.
  if (!lifecycle.ending) {
    process.stderr.write(`Keybin cannot start: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}
