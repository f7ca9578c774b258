import { timeBudget } from '@keybin/shared/time-budget.js';

/** The times that the product has. */
export const times = timeBudget();

/**
 * Those of services that are not tested for their times: no answer is late on a machine that is busy, and nothing waits for clients that
 * tests do not have.
 */
export const patientTimes = timeBudget({ promisedMs: 8_000, redisSilenceMs: 8_000, openMs: 16_000, idleGraceMs: 25 });
