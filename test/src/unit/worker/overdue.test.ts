import { expect } from 'chai';
import { Overdue } from '@keybin/worker/sweep/overdue.js';

const afterSeconds = 15;
const secondUs = 1_000_000;
const hourUs = 3_600 * secondUs;
const nowUs = 1_800_000_000 * secondUs;

describe('what is overdue', () => {
  it('is decided by the time of Redis', () => {
    const overdue = new Overdue(afterSeconds);
    for (const seconds of [0, 7, 15, 22, 40]) {
      const timeUs = nowUs + seconds * secondUs;
      expect(overdue.lastVersion(timeUs, timeUs, seconds * 1_000)).to.equal(timeUs - afterSeconds * secondUs);
    }
  });

  it('is decided by the version of that time if the clock was set back', () => {
    const overdue = new Overdue(afterSeconds);
    const at = (seconds: number, version: number) =>
      overdue.lastVersion(nowUs + seconds * secondUs - hourUs, version, seconds * 1_000);
    expect(at(0, nowUs)).to.be.below(nowUs);
    expect(at(14, nowUs + 1)).to.be.below(nowUs);
    expect(at(15, nowUs + 2)).to.equal(nowUs);
    expect(at(16, nowUs + 3)).to.be.below(nowUs);
    expect(at(30, nowUs + 4)).to.equal(nowUs + 2);
  });
});
