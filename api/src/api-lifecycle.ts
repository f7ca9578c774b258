import type { Config } from '@keybin/shared/config/config.js';
import { Lifecycle } from '@keybin/shared/process/lifecycle.js';
import type { Log } from '@keybin/shared/process/log.js';

/** Returns the lifecycle of an API, which keeps serving for `drain_delay`, and then drains for `drain_timeout`. */
export function apiLifecycle(config: Config, log: Log): Lifecycle {
  const { drainDelaySeconds, drainTimeoutSeconds } = config.limits;
  return new Lifecycle({
    log,
    drainTimeoutMs: (drainDelaySeconds + drainTimeoutSeconds) * 1_000,
    times: config.times,
  });
}
