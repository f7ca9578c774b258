import type { LoadResult } from './load/http-load.js';
import type { Scene } from './scene.js';

/** How long and how often is measured: the product and its yardstick take turns for `count` rounds. */
export interface Rounds {
  readonly count: number;
  readonly seconds: number;
  /** Divides the numbers of writes and keys of rows that have one; 1 unless in a hurry. */
  readonly shrink: number;
}

/** One line of the table. */
export interface Line {
  readonly row: string;
  readonly product: string;
  readonly yardstick: string;
  readonly result: string;
  readonly target: string;
  /** Undefined for lines that are reported only. */
  readonly met?: boolean;
}

/** One measured number of one version. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
}

/** A family of lines that are measured together. */
export interface Row {
  /** For `--only`. */
  readonly id: string;
  /** Measures the product beside its yardstick. */
  measure(scene: Scene, rounds: Rounds): Promise<Line[]>;
  /** Measures the product once and alone, to be compared with another version. */
  measureAlone(scene: Scene, rounds: Rounds): Promise<Figure[]>;
}

export const perSecond = (rate: number) => `${Math.round(rate).toLocaleString('en')}/s`;

const withCpu = (load: LoadResult) => `${perSecond(load.perSecond)}, ${load.cpuUsPerRequest.toFixed(0)} µs`;

/** Requests per second, and the CPU time of each, which other work on the machine disturbs less. */
export const loadFigures = (name: string, load: LoadResult): Figure[] => [
  { name, value: load.perSecond, unit: '/s', better: 'higher' },
  { name: `${name}, CPU time`, value: load.cpuUsPerRequest, unit: ' µs', better: 'lower' },
];

/** The line of a row whose product must reach `atLeast` of the yardstick's requests per second; no target: reported only. */
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
