import { pbkdf2Sync } from 'node:crypto';

const variable = 'KEYBIN_TEST_SLOWNESS';
const samples = 5;
const iterations = 100_000;
/** Duration of a sample on the reference machine, for which the bounds of tests are written. */
const referenceMs = 45;

/**
 * Measures how much slower than the reference machine this machine is now, at least 1. Stores the factor in the
 * environment for the processes of this run.
 */
export function calibrate(): void {
  const times = Array.from({ length: samples }, () => {
    const startedMs = performance.now();
    pbkdf2Sync('password', 'salt', iterations, 32, 'sha256');
    return performance.now() - startedMs;
  });
  const medianMs = times.toSorted((one, other) => one - other)[samples >> 1] ?? referenceMs;
  process.env[variable] = String(Math.max(1, medianMs / referenceMs));
}

/** Scales a bound from the reference machine to this machine. */
export const scaledMs = (ms: number): number => ms * Number(process.env[variable] ?? 1);
