import type { Context } from 'koa';
import type { Place } from './body-memory.js';
import { answerInTime, type AnswerTimes } from '../requests/answer-in-time.js';

interface Waited {
  readonly place: Place;
  /** Start of the request's time: the arrival of the body less its wait for room. In `performance.now()`'s time. */
  readonly beganMs: number;
  readonly times: AnswerTimes;
}

const waited = new WeakMap<Context, Waited>();

/** Notes that a body, which has arrived now, waited for room before it was read. */
export function noteBodyWait(ctx: Context, place: Place, times: AnswerTimes): void {
  waited.set(ctx, { place, beganMs: performance.now() - place.waitedMs, times });
}

/**
 * Settles as `work` on a store does. If the body waited for room, its wait is taken from the time of the store, and
 * this throws `unavailable` when that is over.
 */
export function afterBodyWait<T>(ctx: Context, work: Promise<T>): Promise<T> {
  const found = waited.get(ctx);
  if (!found) return work;
  found.place.keepFor(work); // the work goes on with the body after its time
  return answerInTime(work, found.beganMs, found.times);
}
