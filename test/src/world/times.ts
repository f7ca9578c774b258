import { timeBudget } from '@keybin/shared/time-budget.js';

/** The time budget of the product. */
export const times = timeBudget();

/**
 * Time budget for services whose times are not under test. No answer is late on a busy machine, shutdown hardly waits
 * for idle connections, and no result of `/metrics` or `/readyz` is of an earlier request.
 */
export const patientTimes = timeBudget({
  promisedMs: 8_000,
  redisSilenceMs: 8_000,
  openMs: 16_000,
  idleGraceMs: 25,
  monitoringMs: 0,
});

/** Time budget of the product, for tests that look at `/metrics` and `/readyz` after each step. */
export const freshMonitoring = timeBudget({ monitoringMs: 0 });

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
