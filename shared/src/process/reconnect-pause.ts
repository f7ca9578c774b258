import type { TimeBudget } from '../time-budget.js';

const stepMs = 50;

/** Returns a function that tells the pause, in ms, before each attempt to connect again. Attempts count from 1. */
export const reconnectPause =
  ({ reconnectMs }: Pick<TimeBudget, 'reconnectMs'>) =>
  (attempt: number): number =>
    Math.min(stepMs * attempt, reconnectMs);
