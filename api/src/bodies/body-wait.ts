import type { Context } from 'koa';
import type { Place } from './body-memory.js';
import { answerInTime, type AnswerTimes } from '../requests/answer-in-time.js';

interface Waited {
  readonly place: Place;
  /** When its request would have begun if it had not waited before, in `performance.now()`'s time. */
  readonly beganMs: number;
  readonly times: AnswerTimes;
}

const waited = new WeakMap<Context, Waited>();

/** Notes that the body of a request, which has arrived now, waited for its place before it was read. */
export function noteBodyWait(ctx: Context, place: Place, times: AnswerTimes): void {
  waited.set(ctx, { place, beganMs: performance.now() - place.waitedMs, times });
}

/** Settles as `work` on a store does; what the body waited is taken from the time that the store has. */
export function afterBodyWait<T>(ctx: Context, work: Promise<T>): Promise<T> {
  const found = waited.get(ctx);
  if (!found) return work;
  found.place.keepFor(work); // it goes on with the body after its time
  return answerInTime(work, found.beganMs, found.times);
}
