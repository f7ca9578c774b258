import type { LoadResult } from './load/http-load.js';
import type { Scene } from './scene.js';

/** Extent of a measurement. The product and its yardstick take turns for `count` rounds of `seconds`. */
export interface Rounds {
  readonly count: number;
  readonly seconds: number;
  /** Divisor of the numbers of writes and keys, and of file sizes. 1 in a thorough run. */
  readonly shrink: number;
}

/** One line of the results table. */
export interface Line {
  readonly row: string;
  readonly product: string;
  readonly yardstick: string;
  readonly result: string;
  readonly target: string;
  /** True if the target was reached. Undefined if the row has no target. */
  readonly met?: boolean;
}

/** One measured number of one version. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
}

/** A group of lines that are measured together. */
export interface Row {
  /** Name of the row for `--only`. */
  readonly id: string;
  /** Measures the product beside its yardstick. */
  measure(scene: Scene, rounds: Rounds): Promise<Line[]>;
  /** Measures the product alone, for a comparison with another version. */
  measureAlone(scene: Scene, rounds: Rounds): Promise<Figure[]>;
}

export const perSecond = (rate: number) => `${Math.round(rate).toLocaleString('en')}/s`;

const withCpu = (load: LoadResult) => `${perSecond(load.perSecond)}, ${load.cpuUsPerRequest.toFixed(0)} µs`;

/** Returns requests per second, and CPU time per request. Other work on the machine disturbs CPU time less. */
export const loadFigures = (name: string, load: LoadResult): Figure[] => [
  { name, value: load.perSecond, unit: '/s', better: 'higher' },
  { name: `${name}, CPU time`, value: load.cpuUsPerRequest, unit: ' µs', better: 'lower' },
];

/**
 * Returns the line of a row whose product must reach `atLeast` times the yardstick's requests per second. Without
 * `atLeast` the row has no target.
 */
export function loadLine(row: string, loads: { product: LoadResult; yardstick: LoadResult }, atLeast?: number): Line {
  return ratioLine(row, loads.product.perSecond / loads.yardstick.perSecond, atLeast, {
    product: withCpu(loads.product),
    yardstick: withCpu(loads.yardstick),
  });
}

export function ratioLine(
  row: string,
  ratio: number,
  atLeast: number | undefined,
  sides: { product: string; yardstick: string },
): Line {
  const judged = atLeast === undefined ? {} : { met: ratio >= atLeast };
  return {
    row,
    ...sides,
    result: ratio.toFixed(2),
    target: atLeast === undefined ? '' : `≥ ${atLeast.toFixed(2)}`,
    ...judged,
  };
}
