import { timeBudget } from '@keybin/shared/time-budget.js';

/** The times that the product has. */
export const times = timeBudget();

/**
 * Those of services that are not tested for their times: no answer is late on a machine that is busy, and nothing waits for clients that
 * tests do not have.
 */
export const patientTimes = timeBudget({ promisedMs: 8_000, redisSilenceMs: 8_000, openMs: 16_000, idleGraceMs: 25 });

/** For tests that wait until a lease is over, and a sweeper has come. */
export const shortLeases = timeBudget({
  uploadLeaseMs: 3_000,
  uploadRenewalMs: 500,
  embeddedSweepMs: 1_000,
  sweepMs: 500,
  jobLockMs: 2_000,
  stalledJobsMs: 500,
});

/** For tests of what is down when a process starts, or when a command looks. */
export const soonDown = timeBudget({
  redisCommandMs: 400,
  commitMs: 350,
  clusterAskMs: 300,
  openMs: 900,
  operatorOpenMs: 500,
});
