/** Largest accepted fall, as a fraction. */
export const tolerance = 0.03;

const confidence = 0.95;

/** Estimate of the ratio between two versions. */
export interface Judgement {
  /** Median of the pairs' ratios. */
  readonly ratio: number;
  /** Lower end of an interval that holds the true median with at least 95 % confidence. `high` is its upper end. */
  readonly low: number;
  readonly high: number;
  /** `yes` if the whole interval is below 1 - `tolerance`, `no` if none of it is. */
  readonly fell: 'yes' | 'no' | 'unclear';
}

/**
 * Judges the ratios of pairs. A ratio below 1 means that the new version was worse. The interval is that of the sign
 * test: its ends are two of the ratios, and it assumes no distribution. With nine pairs, the worst pair on either side
 * does not move it. Throws if there are too few pairs for an interval, or if a ratio is not a positive number.
 */
export function judge(ratios: readonly number[]): Judgement {
  const wrong = ratios.find((ratio) => !(ratio > 0 && ratio < Infinity));
  if (wrong !== undefined) throw new Error(`The ratio ${wrong} cannot be judged`);
  const sorted = ratios.toSorted((a, b) => a - b);
  const at = (index: number) => sorted[index] ?? NaN;
  const cut = pairsOutside(ratios.length);
  const [low, high] = [at(cut), at(sorted.length - 1 - cut)];
  const middle = (sorted.length - 1) / 2;
  const ratio = Math.sqrt(at(Math.floor(middle)) * at(Math.ceil(middle)));
  const least = 1 - tolerance;
  return { ratio, low, high, fell: high < least ? 'yes' : low < least ? 'unclear' : 'no' };
}

/**
 * Returns the number of pairs outside the interval on each side. It is the largest k with P(B ≤ k) of at most half the
 * error, where B is Bin(n, 1/2).
 */
function pairsOutside(pairs: number): number {
  const most = ((1 - confidence) / 2) * 2 ** pairs;
  let outside = -1;
  let binomial = 1;
  for (let seen = 1; seen <= most; seen += binomial) {
    outside++;
    binomial *= (pairs - outside) / (outside + 1);
  }
  if (outside < 0) throw new Error(`${pairs} pairs are too few for an interval`);
  return outside;
}
