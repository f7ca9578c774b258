const { KEYBIN_TEST_SEED: seed, KEYBIN_TEST_RUNS: times = '1' } = process.env;

/**
 * Returns the options for `runs` runs, times KEYBIN_TEST_RUNS. A failure prints its seed; KEYBIN_TEST_SEED repeats it.
 */
export const search = (runs: number): { numRuns: number; seed?: number } => ({
  numRuns: runs * Number(times),
  ...(seed === undefined ? {} : { seed: Number(seed) }),
});

/** Options for a run with a rule taken out. Finding the violation takes about 100 runs, seldom five times as many. */
export const untilFound = { numRuns: 3_000, endOnFailure: true };
