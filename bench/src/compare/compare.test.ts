import { expect } from 'chai';
import { judgedLines, type Pair } from './compare.js';
import type { Figure } from '../row.js';

/** Returns eight pairs of one figure. Both versions vary in the same way from pair to pair. */
function pairsOf(figure: Omit<Figure, 'value'>, before: number, after: number): Pair[] {
  return Array.from({ length: 8 }, (_, pair) => ({
    old: [{ ...figure, value: before * (1 + pair / 10) }],
    new: [{ ...figure, value: after * (1 + pair / 10) }],
  }));
}

const rate = { name: 'GET', unit: '/s', better: 'higher' } as const;
const memory = { name: 'memory', unit: ' MB', better: 'lower' } as const;

describe('lines of a comparison', () => {
  it('divides within each pair, so that what disturbs both versions alike does not count', () => {
    const [line] = judgedLines(pairsOf(rate, 1_000, 900));
    expect(line).to.deep.equal({
      cells: ['GET', '1,300/s', '1,170/s', '0.900', '0.900 to 0.900', '**yes**'],
      passed: false,
    });
  });

  it('reports a larger size as a fall, and a smaller one as no fall', () => {
    expect(judgedLines(pairsOf(memory, 50, 60))[0]).to.include({ passed: false });
    expect(judgedLines(pairsOf(memory, 60, 50))[0]).to.include({ passed: true });
    expect(judgedLines(pairsOf(memory, 60, 50))[0]?.cells[3]).to.equal('1.200');
  });

  it('has a line for each figure of a row', () => {
    const both = pairsOf(rate, 10, 10).map((pair, at) => {
      const other = pairsOf(memory, 10, 12)[at];
      return { old: [...pair.old, ...(other?.old ?? [])], new: [...pair.new, ...(other?.new ?? [])] };
    });
    expect(judgedLines(both).map(({ passed }) => passed)).to.deep.equal([true, false]);
  });
});
