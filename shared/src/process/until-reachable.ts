import { setTimeout as delay } from 'node:timers/promises';
import { hasCode, isUnreachable } from '../errors.js';
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
      const reason = reasonOf(error);
      const nowMs = performance.now();
      if (reason !== told || nowMs - toldMs > repeatLogMs) {
        log.warn({ err: error }, `Waiting: ${reason}`);
        [told, toldMs] = [reason, nowMs];
      }
    }
    await delay(pauseMs, undefined, signal && { signal });
  }
}

/** Returns the message for operators: that of the cause, if the error's own one is for API clients. */
function reasonOf(error: unknown): string {
  const reason = hasCode(error, 'unavailable') ? (error.cause ?? error) : error;
  return reason instanceof Error ? reason.message : String(reason);
}
