import { setTimeout as delay } from 'node:timers/promises';

/**
 * Repeats `work` with a pause of `pauseMs` after each time, until `signal` is aborted. `work` must not throw. The pause
 * keeps no process alive.
 */
export async function repeatUntilAborted(
  signal: AbortSignal,
  pauseMs: number,
  work: () => Promise<unknown>,
): Promise<void> {
  while (!signal.aborted) {
    await work();
    await delay(pauseMs, undefined, { signal, ref: false }).catch(() => {}); // the loop checks the signal
  }
}
