import { expect } from 'chai';
import { atMostEvery } from '@keybin/shared/batching/at-most-every.js';
import { eventually } from '../../world/eventually.js';

const hourMs = 3_600_000;

/** Returns a computation that the test completes, and the number of its runs. */
function held() {
  const runs: ((outcome: number | Error) => void)[] = [];
  const compute = () =>
    new Promise<number>((resolve, reject) =>
      runs.push((outcome) => (outcome instanceof Error ? reject(outcome) : resolve(outcome))),
    );
  return { runs, compute };
}

describe('a computation that runs at most every so often', () => {
  it('is shared by all that ask while it is in flight, even after its time', async () => {
    const { runs, compute } = held();
    const ask = atMostEvery(0, compute);
    const asked = [ask(), ask(), ask()];
    expect(runs).to.have.length(1);
    runs[0]?.(1);
    expect(await Promise.all(asked)).to.deep.equal([1, 1, 1]);
    const later = ask();
    expect(runs).to.have.length(2);
    runs[1]?.(2);
    expect(await later).to.equal(2);
  });

  it('has its result for all that ask within its time, a failure included', async () => {
    for (const outcome of [1, new Error('failed')]) {
      const { runs, compute } = held();
      const ask = atMostEvery(hourMs, compute);
      const first = ask().catch((error: unknown) => error);
      runs[0]?.(outcome);
      expect(await first).to.equal(outcome);
      expect(await ask().catch((error: unknown) => error)).to.equal(outcome);
      expect(runs).to.have.length(1);
    }
  });

  it('runs again after its time, a failure included', async () => {
    let runs = 0;
    const ask = atMostEvery(20, async () => {
      if ((runs += 1) < 3) throw new Error('failed');
      return runs;
    });
    expect(await eventually(ask, 'the third run')).to.equal(3);
  });
});
