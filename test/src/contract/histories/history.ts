/**
 * Judges what readers of one key saw while many wrote to it, each write with a value of its own. All times are of one clock.
 */

/** From when it was sent until it was answered. */
export interface Interval {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What a read showed. */
export interface Observation extends Interval {
  readonly value: number;
}

const isBefore = (one: Interval, other: Interval) => one.toMs < other.fromMs;

/** A read must show a write that began before the read ended and that no later write had replaced before the read began. */
export function whyImpossible(seen: Observation, writes: ReadonlyMap<number, Interval>): string | undefined {
  const source = writes.get(seen.value);
  if (!source) return 'nobody wrote it';
  if (isBefore(seen, source)) return 'it was not yet written';
  for (const [value, later] of writes) {
    if (isBefore(source, later) && isBefore(later, seen)) return `${value} had replaced it`;
  }
  return undefined;
}

/** Of two reads one after the other the second must not show what was certainly written before what the first one showed. */
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
