import { expect } from 'chai';
import { goesBack, whyImpossible, type Interval } from './history.js';

/** Write 2 follows write 1. Write 3 overlaps write 2. */
const writes = new Map<number, Interval>([
  [1, { fromMs: 10, toMs: 20 }],
  [2, { fromMs: 30, toMs: 40 }],
  [3, { fromMs: 35, toMs: 50 }],
]);
const read = (value: number, fromMs: number, toMs: number) => ({ value, fromMs, toMs });

describe('the checker of what readers saw', () => {
  it('accepts a value as soon as its write has begun', () => {
    expect(whyImpossible(read(2, 31, 32), writes)).to.equal(undefined);
  });

  it('accepts the older value until the newer one is acknowledged', () => {
    expect(whyImpossible(read(1, 39, 45), writes)).to.equal(undefined);
  });

  it('accepts either of two concurrent writes, forever', () => {
    for (const value of [2, 3]) expect(whyImpossible(read(value, 60, 70), writes)).to.equal(undefined);
  });

  it('rejects a value that an acknowledged write had replaced', () => {
    expect(whyImpossible(read(1, 41, 45), writes)).to.equal('2 had replaced it');
  });

  it('rejects a value that nobody wrote, or not yet', () => {
    expect(whyImpossible(read(9, 60, 70), writes)).to.equal('nobody wrote it');
    expect(whyImpossible(read(2, 20, 25), writes)).to.equal('it was not yet written');
  });

  it('rejects an older value after a newer one, even while both are possible', () => {
    expect(goesBack([read(2, 31, 32), read(1, 33, 34)], writes)).to.equal('1 was read after 2');
    expect(goesBack([read(1, 31, 32), read(2, 33, 34)], writes)).to.equal(undefined);
  });
});
