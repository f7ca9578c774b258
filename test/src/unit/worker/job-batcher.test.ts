import { expect } from 'chai';
import { JobBatcher } from '@keybin/worker/apply/job-batcher.js';
import type { EntryNames } from '@keybin/worker/apply/entry-names.js';
import { Abandoned } from '@keybin/worker/apply/retry.js';
import { eventually } from '../../world/eventually.js';

/** Records each batch. A batch ends when the test calls `end`. */
class Batches {
  readonly begun: EntryNames[] = [];
  readonly #ends: (() => void)[] = [];

  readonly apply = async (names: EntryNames): Promise<void> => {
    this.begun.push(names);
    await new Promise<void>((resolve) => this.#ends.push(resolve));
  };

  end(): void {
    this.#ends.shift()?.();
  }

  async count(expected: number): Promise<void> {
    await eventually(() => this.begun.length === expected, `${expected} batches`);
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve))); // to see that no further batch begins
    expect(this.begun.length).to.equal(expected);
  }
}

const keys = (count: number) => Array.from({ length: count }, (_, i) => `k${i}`);

describe('gathering jobs into batches', () => {
  it('has each entry of a batch once, whichever jobs name it, and completes all of them', async () => {
    const batches = new Batches();
    const batcher = new JobBatcher(batches.apply, 500, 100);
    const jobs = [
      batcher.add([['u', ['a', 'b']]]),
      batcher.add([
        ['u', ['b', 'c']],
        ['v', ['a']],
      ]),
      batcher.add([['v', ['a']]]),
    ];
    await batches.count(1);
    expect(batches.begun).to.deep.equal([
      [
        ['u', ['a', 'b', 'c']],
        ['v', ['a']],
      ],
    ]);
    batches.end();
    await Promise.all(jobs);
  });

  it('puts an entry that is in a running batch into the next one', async () => {
    const batches = new Batches();
    const batcher = new JobBatcher(batches.apply, 500, 100);
    const first = batcher.add([['u', ['a']]]);
    await batches.count(1);
    const second = batcher.add([['u', ['a']]]);
    await batches.count(1);
    batches.end();
    await first;
    await batches.count(2);
    batches.end();
    await second;
  });

  it('waits a moment before it applies the same entries again', async () => {
    for (const [pauseMs, begun] of [
      [60_000, 1],
      [1, 2],
    ] as const) {
      const batches = new Batches();
      const batcher = new JobBatcher(batches.apply, 500, 100, pauseMs);
      const first = batcher.add([['u', ['a']]]);
      await batches.count(1);
      batches.end();
      await first;
      const second = batcher.add([['u', ['a']]]);
      await batches.count(begun);
      batcher.close();
      batches.end();
      await second.catch(() => {});
    }
  });

  it('does not wait if as many jobs wait as there can be', async () => {
    const batches = new Batches();
    const batcher = new JobBatcher(batches.apply, 500, 2, 60_000);
    const first = batcher.add([['u', ['a']]]);
    await batches.count(1);
    batches.end();
    await first;
    const jobs = [batcher.add([['u', ['a']]]), batcher.add([['u', ['a']]])];
    await batches.count(2);
    batches.end();
    await Promise.all(jobs);
  });

  it('begins a second batch next to a full first one, and no third', async () => {
    const batches = new Batches();
    const batcher = new JobBatcher(batches.apply, 10, 100);
    const jobs = [batcher.add([['u', ['first']]])];
    await batches.count(1);
    jobs.push(batcher.add([['u', keys(9)]]));
    await batches.count(1);
    jobs.push(batcher.add([['v', keys(21)]]));
    await batches.count(2);
    for (let batch = 0; batch < 5; batch += 1) {
      batches.end();
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    }
    await Promise.all(jobs);
    expect(batches.begun.map((names) => names.flatMap(([, some]) => some).length)).to.deep.equal([1, 10, 10, 10]);
  });

  it('completes a job whose keys are in several batches after the last of them', async () => {
    const batches = new Batches();
    const batcher = new JobBatcher(batches.apply, 10, 100);
    let complete = false;
    const job = batcher.add([['u', keys(20)]]).then(() => (complete = true));
    await batches.count(2);
    batches.end();
    await batches.count(2);
    expect(complete).to.equal(false);
    batches.end();
    await job;
  });

  it('fails the jobs of a batch that failed, and only those', async () => {
    const batcher = new JobBatcher(
      async ([first]) => {
        if (first?.[0] === 'bad') throw new Error('failed');
      },
      1,
      100,
    );
    const jobs = [batcher.add([['bad', ['a']]]), batcher.add([['good', ['a']]])];
    const outcomes = await Promise.allSettled(jobs);
    expect(outcomes.map(({ status }) => status)).to.deep.equal(['rejected', 'fulfilled']);
  });

  it('abandons jobs that have not begun when it closes, and accepts no more', async () => {
    const batches = new Batches();
    const batcher = new JobBatcher(batches.apply, 500, 100);
    const inFlight = batcher.add([['u', ['a']]]);
    await batches.count(1);
    const waiting = batcher.add([['u', ['b']]]);
    batcher.close();
    const late = batcher.add([['u', ['c']]]);
    for (const given of await Promise.allSettled([waiting, late])) {
      expect(given).to.have.property('reason').that.is.instanceOf(Abandoned);
    }
    batches.end();
    await inFlight;
  });
});
