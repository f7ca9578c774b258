import { pbkdf2Sync } from 'node:crypto';

const variable = 'KEYBIN_TEST_SLOWNESS';
const samples = 5;
const iterations = 100_000;
/** What a sample takes on the machine for which the bounds of tests are written. */
const referenceMs = 45;

/**
 * Measures how much slower this machine is now than the one for which bounds are written, and notes it in the environment for the
 * processes of this run. 1 at least.
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

/** A bound for this machine: `ms` on the one for which bounds are written. */
export const scaledMs = (ms: number): number => ms * Number(process.env[variable] ?? 1);
