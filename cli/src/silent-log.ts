import { createLog, type Log } from '@keybin/shared/log.js';

/** For engines that a command opens: standard output belongs to the answer. */
export function silentLog(): Log {
  const log = createLog({ debug: false });
  log.level = 'silent';
  return log;
}
