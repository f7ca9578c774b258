import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { TurnBatch } from '@keybin/shared/batching/turn-batch.js';

/** Runs that end when they are told. */
class Runs {
  readonly begun: { readonly asked: readonly number[]; readonly end: (error?: Error) => void }[] = [];

  readonly run = (asked: number[]): Promise<readonly number[]> =>
    new Promise((resolve, reject) => {
      this.begun.push({ asked, end: (error) => (error ? reject(error) : resolve(asked)) });
    });

  get asked(): (readonly number[])[] {
    return this.begun.map(({ asked }) => asked);
  }
}

describe('a batch of a turn', () => {
  it('gathers the asks of further turns while as many as it may have are in flight', async () => {
    const runs = new Runs();
    const batch = new TurnBatch(runs.run, 2);
    const answers: Promise<number>[] = [];
    for (let ask = 1; ask <= 4; ask++) {
      answers.push(batch.ask(ask));
      await turn();
    }
    expect(runs.asked).to.deep.equal([[1], [2]]);
    runs.begun[1]?.end();
    await answers[1];
    await turn();
    expect(runs.asked).to.deep.equal([[1], [2], [3, 4]]);
    answers.push(batch.ask(5));
    runs.begun[0]?.end(new Error('failed'));
    expect(await answers[0]?.catch(String)).to.equal('Error: failed');
    await turn();
    expect(runs.asked.at(-1), 'two are still in flight').to.deep.equal([3, 4]);
    runs.begun[2]?.end();
    await answers[3];
    await turn();
    expect(runs.asked.at(-1)).to.deep.equal([5]);
    for (const { end } of runs.begun) end();
    expect(await Promise.all(answers.slice(1))).to.deep.equal([2, 3, 4, 5]);
  });

  it('runs the asks of each turn if no number is given', async () => {
    const runs = new Runs();
    const batch = new TurnBatch(runs.run);
    const answers: Promise<number>[] = [];
    for (let ask = 1; ask <= 3; ask++) {
      answers.push(batch.ask(ask));
      await turn();
    }
    expect(runs.asked).to.deep.equal([[1], [2], [3]]);
    for (const { end } of runs.begun) end();
    expect(await Promise.all(answers)).to.deep.equal([1, 2, 3]);
  });
});
