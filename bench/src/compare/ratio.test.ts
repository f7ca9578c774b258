import { expect } from 'chai';
import { judge, type Judgement } from './ratio.js';

/** Noise of nine pairs that favours neither side. */
const noise = [0.98, 1.05, 1, 0.96, 1.02, 0.95, 1.04, 1.01, 0.99];
const width = ({ low, high }: Judgement) => high / low;
const times = (factor: number) => noise.map((ratio) => ratio * factor);

describe('judging the ratio of two versions', () => {
  // Interval ends from tables of the sign test for a median.
  for (const [pairs, outside] of [
    [6, 0],
    [8, 0],
    [9, 1],
    [12, 2],
    [15, 3],
    [20, 5],
  ] as const) {
    it(`leaves ${outside} of ${pairs} pairs outside the interval on each side`, () => {
      const { low, high } = judge(Array.from({ length: pairs }, (_, at) => at + 1));
      expect([low, high]).to.deep.equal([1 + outside, pairs - outside]);
    });
  }

  it('takes the median, of an even number the geometric mean of the middle ones', () => {
    expect(judge([1, 9, 2, 8, 3, 7, 4]).ratio).to.equal(4);
    expect(judge([1, 9, 2, 8, 1, 9]).ratio).to.equal(4);
  });

  it('finds a fall that is larger than tolerance and noise', () => {
    expect(judge(times(0.8)).fell).to.equal('yes');
  });

  it('finds no fall where both are equal', () => {
    expect(judge(noise.map((ratio) => ratio ** 0.2)).fell).to.equal('no');
  });

  it('accepts a fall below the tolerance, however certain it is', () => {
    expect(judge(Array.from({ length: 8 }, () => 0.98)).fell).to.equal('no');
    expect(judge(Array.from({ length: 8 }, () => 0.96)).fell).to.equal('yes');
  });

  it('reports unclear if the noise hides the answer', () => {
    expect(judge(times(0.97)).fell).to.equal('unclear');
  });

  it('finds a fall although one pair was disturbed', () => {
    expect(judge([...times(0.8).slice(1), 3]).fell).to.equal('yes');
  });

  it('is symmetric: the interval of the inverse is the inverse', () => {
    const [there, back] = [judge(times(0.9)), judge(times(0.9).map((ratio) => 1 / ratio))];
    expect(back.ratio).to.be.closeTo(1 / there.ratio, 1e-9);
    expect(back.low).to.be.closeTo(1 / there.high, 1e-9);
  });

  it('narrows the interval with more pairs', () => {
    expect(width(judge([...noise, ...noise, ...noise]))).to.be.lessThan(width(judge(noise)));
  });

  it('holds the true ratio in at least 95 % of all experiments', () => {
    // Every combination of signs of this noise is equally likely.
    const logs = [0.011, 0.023, 0.031, 0.047, 0.059, 0.067, 0.083, 0.101, 0.13];
    const experiments = 2 ** logs.length;
    let held = 0;
    for (let signs = 0; signs < experiments; signs++) {
      const { low, high } = judge(logs.map((log, at) => Math.exp((signs >> at) & 1 ? log : -log)));
      if (low <= 1 && 1 <= high) held++;
    }
    expect(held / experiments).to.be.within(0.95, 0.97);
  });

  it('refuses too few pairs, and values that are not ratios', () => {
    expect(() => judge([1, 1, 1, 1, 1])).to.throw('too few');
    expect(() => judge([...noise, 0])).to.throw('cannot be judged');
    expect(() => judge([...noise, NaN])).to.throw('cannot be judged');
  });
});
