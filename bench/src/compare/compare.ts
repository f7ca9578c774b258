import type { Product } from './product.js';
import { judge, tolerance } from './ratio.js';
import { markdown } from '../report/results.js';
import { median } from '../rounds.js';
import type { Figure, Row, Rounds } from '../row.js';
import { Scene } from '../scene.js';

/** A version and its name in the output. */
export interface Version {
  readonly name: string;
  readonly product: Product;
}

const attempts = 2;

type Sides<T> = Readonly<Record<'old' | 'new', T>>;

/** Figures of both versions, in the same order. */
export type Pair = Sides<readonly Figure[]>;

interface Measured {
  readonly row: Row;
  readonly pairs: Pair[];
  /** Reason why the row could not be measured. */
  failure?: string;
}

/**
 * Measures rows of two versions in turn and prints a line for each figure. Each measurement has new processes and data.
 * The pairs of a row are spread over the whole run. The versions take turns in being measured first. Resolves with true
 * if every row was measured and none fell.
 */
export async function compareVersions(
  rows: readonly Row[],
  versions: Sides<Version>,
  pairs: number,
  rounds: Rounds,
): Promise<boolean> {
  const all: Measured[] = rows.map((row) => ({ row, pairs: [] }));
  const beginMs = performance.now();
  for (let pair = 1; pair <= pairs; pair++) {
    for (const measured of all) {
      if (measured.failure === undefined) await addPair(measured, versions, rounds);
    }
    const minutes = (performance.now() - beginMs) / 60_000;
    const left = (minutes / pair) * (pairs - pair);
    console.error(
      `Pair ${pair} of ${pairs} took until minute ${minutes.toFixed(1)}; ${left.toFixed(1)} minutes are left`,
    );
  }
  const lines = all.flatMap(({ row, pairs: done, failure }) =>
    failure === undefined ? judgedLines(done) : [{ cells: [row.id, `not measured: ${failure}`], passed: false }],
  );
  const { old, new: tree } = versions;
  const head = ['row', old.name, tree.name, 'ratio', 'interval', `fell by more than ${tolerance * 100} %`];
  const cells = lines.map((line) => line.cells);
  console.log(`${markdown(head, cells)}\n\n${legend}`);
  return lines.every(({ passed }) => passed);
}

/**
 * Adds a pair, or the reason why there is none. A failed measurement is repeated, because a busy machine may have
 * disturbed it.
 */
async function addPair(measured: Measured, versions: Sides<Version>, rounds: Rounds): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      measured.pairs.push(await measurePair(measured, versions, rounds));
      return;
    } catch (error) {
      console.error(error);
      if (attempt < attempts) continue;
      measured.failure = (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
      return;
    }
  }
}

async function measurePair({ row, pairs }: Measured, versions: Sides<Version>, rounds: Rounds): Promise<Pair> {
  const sides = pairs.length % 2 === 0 ? (['old', 'new'] as const) : (['new', 'old'] as const);
  const figures: { old: Figure[]; new: Figure[] } = { old: [], new: [] };
  for (const side of sides) {
    const { name, product } = versions[side];
    const scene = new Scene(product);
    try {
      figures[side] = await row.measureAlone(scene, rounds);
      expectPositive(figures[side]);
    } catch (error) {
      throw new Error(`${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    } finally {
      await scene.close();
    }
  }
  return figures;
}

function expectPositive(figures: readonly Figure[]): void {
  const wrong = figures.find(({ value }) => !(value > 0 && value < Infinity));
  if (wrong !== undefined) throw new Error(`${wrong.name} was measured as ${wrong.value}`);
}

const legend = `- Ratio: median of the pairs, new to old. Of times and sizes it is old to new, so that a ratio below 1 is always worse.
- Interval: holds the true median with at least 95 % confidence.
- Fell: yes if the whole interval is below ${1 - tolerance}, no if none of it is. Otherwise it is unclear, and more pairs (\`--pairs\`) tell.`;

interface JudgedLine {
  readonly cells: readonly string[];
  readonly passed: boolean;
}

/** Returns a line for each figure. For times and sizes the ratio is old to new, so a ratio below 1 is always worse. */
export function judgedLines(pairs: readonly Pair[]): JudgedLine[] {
  return (pairs[0]?.new ?? []).map(({ name, unit, better }, at) => {
    const valuesOf = (side: 'old' | 'new') => pairs.map((pair) => pair[side][at]?.value ?? NaN);
    const [before, after] = [valuesOf('old'), valuesOf('new')];
    const quotients = after.map((value, pair) => value / (before[pair] ?? NaN));
    const { ratio, low, high, fell } = judge(
      better === 'higher' ? quotients : quotients.map((quotient) => 1 / quotient),
    );
    const figure = (values: readonly number[]) => `${rounded(median(values))}${unit}`;
    const interval = `${low.toFixed(3)} to ${high.toFixed(3)}`;
    const hasFallen = fell === 'yes' ? '**yes**' : fell;
    return {
      cells: [name, figure(before), figure(after), ratio.toFixed(3), interval, hasFallen],
      passed: fell !== 'yes',
    };
  });
}

const rounded = (value: number) => value.toLocaleString('en', { maximumFractionDigits: value < 100 ? 1 : 0 });
