import { expect } from 'chai';
import type { KeybinClient } from '../../world/clients/keybin-client.js';
import { expectDone } from '../subjects/answers.js';
import { goesBack, whyImpossible, type Interval, type Observation } from '../histories/history.js';
import type { Subject } from '../subjects/subject.js';

export function concurrencyContract(subject: Subject): void {
  describe('concurrent writers', () => {
    it('of one key: the last acknowledged write wins, and no reader sees an older value after a newer one', async () => {
      const { token } = await subject.here.newAccount();
      const writes = new Map<number, Interval>([[0, await timed(() => write(subject.here, token, 0))]]);
      const reads: Observation[] = [];
      const writing = new AbortController();
      let next = 1;

      async function writer(api: KeybinClient): Promise<void> {
        for (let turn = 0; turn < 25; turn++) {
          const value = next++;
          writes.set(value, await timed(() => write(api, token, value)));
        }
      }
      async function reader(api: KeybinClient): Promise<void> {
        while (!writing.signal.aborted) reads.push(await read(api, token));
      }

      const readers = [reader(subject.here), reader(subject.there)];
      await Promise.all([subject.here, subject.there, subject.here, subject.there].map(writer));
      writing.abort();
      await Promise.all(readers);
      reads.push(await read(subject.here, token), await read(subject.there, token));
      await subject.settle();
      reads.push(await read(subject.here, token), await read(subject.there, token));

      for (const seen of reads) expect(whyImpossible(seen, writes), `value ${seen.value}`).to.equal(undefined);
      expect(goesBack(reads, writes)).to.equal(undefined);
      expect(new Set(reads.slice(-4).map(({ value }) => value)).size, 'all see the same in the end').to.equal(1);
    });
  });
}

async function write(api: KeybinClient, token: string, value: number): Promise<void> {
  expectDone(await api.put(token, 'hot', value));
}

async function read(api: KeybinClient, token: string): Promise<Observation> {
  let value = NaN;
  const interval = await timed(async () => {
    const answer = await api.get(token, 'hot');
    expect(answer.status, answer.text).to.equal(200);
    ({ value } = answer.json as { value: number }); // a wrong shape fails below as a value that nobody wrote
  });
  return { ...interval, value };
}

async function timed(work: () => Promise<void>): Promise<Interval> {
  const fromMs = performance.now();
  await work();
  return { fromMs, toMs: performance.now() };
}
