import { setTimeout as delay } from 'node:timers/promises';

const pauseMs = 20;

/**
 * Polls until `condition` returns something other than false or undefined, and resolves with it. An error of
 * `condition` counts as "not yet". Throws after `timeoutMs`, with `what` and the last error in the message.
 */
export async function eventually<T>(
  condition: () => T | false | undefined | Promise<T | false | undefined>,
  what: string,
  timeoutMs = 10_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  let cause: unknown;
  for (;;) {
    try {
      const answer = await condition();
      if (answer !== false && answer !== undefined) return answer;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > deadline) throw new Error(`Waited ${timeoutMs} ms in vain for ${what}`, { cause });
    await delay(pauseMs);
  }
}
