const { KEYBIN_TEST_SEED: seed, KEYBIN_TEST_RUNS: times = '1' } = process.env;

/** So many runs, times KEYBIN_TEST_RUNS; KEYBIN_TEST_SEED repeats those of a failure, which prints its seed. */
export const search = (runs: number): { numRuns: number; seed?: number } => ({
  numRuns: runs * Number(times),
  ...(seed === undefined ? {} : { seed: Number(seed) }),
});

/** For a rule that was taken out: it takes a hundred runs or so to find that, seldom five times as many. */
export const untilFound = { numRuns: 3_000, endOnFailure: true };
