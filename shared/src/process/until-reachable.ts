import { setTimeout as delay } from 'node:timers/promises';
import { isUnreachable, messageOf } from '../errors.js';
import type { Log } from './log.js';

const pauseMs = 1_000;
/** Time after which the same reason is logged again. */
const repeatLogMs = 60_000;

/**
 * Repeats a step of a start while it fails because a dependency is down. Logs what it waits for. Throws any other
 * error, such as of wrong settings, and one if `signal` ends the wait.
 */
export async function untilReachable<T>(step: () => Promise<T>, log: Log, signal?: AbortSignal): Promise<T> {
  let told: string | undefined;
  let toldMs = 0;
  for (;;) {
    try {
      const result = await step();
      if (told !== undefined) log.info('Waiting has ended');
      return result;
    } catch (error) {
      if (!isUnreachable(error) || signal?.aborted) throw error;
      const reason = messageOf(error);
      const nowMs = performance.now();
      if (reason !== told || nowMs - toldMs > repeatLogMs) {
        log.warn({ err: error }, `Waiting: ${reason}`);
        [told, toldMs] = [reason, nowMs];
      }
    }
    await delay(pauseMs, undefined, signal && { signal });
  }
}
