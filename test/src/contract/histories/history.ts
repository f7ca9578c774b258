/** Judges the reads of one key during many writes. Each write has a unique value. All times are of one clock. */

/** Time from the request to its answer. */
export interface Interval {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A read and the value that it returned. */
export interface Observation extends Interval {
  readonly value: number;
}

const isBefore = (one: Interval, other: Interval) => one.toMs < other.fromMs;

/**
 * Returns why a read cannot have returned this value, or undefined if it can. The value's write must have begun before
 * the read ended. No later write may have replaced it before the read began.
 */
export function whyImpossible(seen: Observation, writes: ReadonlyMap<number, Interval>): string | undefined {
  const source = writes.get(seen.value);
  if (!source) return 'nobody wrote it';
  if (isBefore(seen, source)) return 'it was not yet written';
  for (const [value, later] of writes) {
    if (isBefore(source, later) && isBefore(later, seen)) return `${value} had replaced it`;
  }
  return undefined;
}

/**
 * Returns which reads went back in time, or undefined. The second of two consecutive reads must not return a value that
 * was certainly written before the first one's.
 */
export function goesBack(reads: readonly Observation[], writes: ReadonlyMap<number, Interval>): string | undefined {
  for (const first of reads) {
    for (const second of reads) {
      const [newer, older] = [writes.get(first.value), writes.get(second.value)];
      if (isBefore(first, second) && newer && older && isBefore(older, newer)) {
        return `${second.value} was read after ${first.value}`;
      }
    }
  }
  return undefined;
}
