import type { Queue } from 'bullmq';
import { expect } from 'chai';
import { expectDone, expectKeys, expectNoKey, expectValue } from '../../contract/subjects/answers.js';
import { eventually } from '../../world/eventually.js';
import type { KeybinClient } from '../../world/clients/keybin-client.js';
import { ScaleOutWorld } from '../../world/services/scale-out-world.js';
import { services } from '../../world/services/services.js';
import { storedDocuments } from '../../world/services/stored-documents.js';
import { failedJobs, openJobs, withQueue } from '../support/jobs.js';

const sweepAfterSeconds = 1;
/** Limit in ms: the sweeper runs at least every 2.5 s, and the rest is for a busy machine. */
const sweptWithinMs = sweepAfterSeconds * 1_000 + 2_500 + 3_000;

const rounds = 3;
const keysPerRound = 20;

/** Operations of BullMQ that an operator can run on the jobs of a paused queue. */
const deeds: readonly { deed: string; harm: (queue: Queue) => Promise<void> }[] = [
  {
    deed: 'deleted',
    harm: async (queue) => {
      for (const job of await queue.getJobs()) await job.remove();
    },
  },
  { deed: 'drained', harm: (queue) => queue.drain(true) },
  { deed: 'obliterated', harm: (queue) => queue.obliterate({ force: true }) },
  { deed: 'paused', harm: async () => {} },
];

/** Writes of one account through two processes, and their expected results. */
class Writing {
  readonly #values = new Map<string, unknown>();
  readonly #gone: string[] = [];

  constructor(
    private readonly name: string,
    private readonly clients: readonly [KeybinClient, KeybinClient],
    private readonly token: string,
  ) {}

  get values(): ReadonlyMap<string, unknown> {
    return this.#values;
  }

  /** Writes new keys, deletes some of them, and overwrites one key that all rounds share. */
  async round(round: number): Promise<void> {
    const [here, there] = this.clients;
    const entries = Array.from({ length: keysPerRound }, (_, index) => `${this.name}_${round}_${index}`);
    const gone = entries.filter((_, index) => index % 5 === 0);
    const puts = entries.map((key, index) => (index % 2 ? here : there).put(this.token, key, { round, index }));
    const hot = `${this.name}_hot`;
    for (const answer of await Promise.all([...puts, there.put(this.token, hot, round)])) expectDone(answer);
    for (const answer of await Promise.all(gone.map((key) => here.delete(this.token, key)))) expectDone(answer);
    entries.forEach((key, index) => this.#values.set(key, { round, index }));
    this.#values.set(hot, round);
    for (const key of gone) this.#values.delete(key);
    this.#gone.push(...gone);
  }

  async expectExact(): Promise<void> {
    for (const client of this.clients) {
      expectKeys(await client.keys(this.token), [...this.#values.keys()]);
      const reads = [...this.#values].map(async ([key, value]) =>
        expectValue(await client.get(this.token, key), value),
      );
      await Promise.all(reads);
      await Promise.all(this.#gone.map(async (key) => expectNoKey(await client.get(this.token, key), key)));
    }
  }
}

describe('while the jobs are lost or held back', function () {
  this.timeout(60_000); // processes start, on a machine that may be busy
  const env = { KEYBIN_QUEUE_SWEEP_AFTER: String(sweepAfterSeconds) };
  const world = new ScaleOutWorld({ services, env, workers: 2 });

  /** Returns the values in MongoDB of keys with this prefix. */
  async function stored(name: string): Promise<ReadonlyMap<string, unknown>> {
    const documents = await storedDocuments(world.services, new RegExp(`/${name}_`));
    const values = documents.filter(({ value }) => value !== undefined);
    return new Map(values.map(({ _id, value }) => [String(_id).split('/')[1] ?? '', JSON.parse(String(value))]));
  }

  for (const { deed, harm } of deeds) {
    it(`reads stay exact, and the sweeper applies everything within its interval: ${deed}`, async () => {
      const { redisUrl } = world.services;
      const clients = [world.here, world.there] as const;
      const { token } = await world.here.newAccount();
      const leaving = await world.here.newAccount();
      const writing = new Writing(deed, clients, token);
      const erased = new Writing(`erased_${deed}`, clients, leaving.token);
      await writing.round(0);
      await erased.round(0);
      await world.drained();

      for (let round = 1; round <= rounds; round++) {
        await withQueue(redisUrl, (queue) => queue.pause());
        await writing.round(round);
        if (round === rounds) {
          await erased.round(round);
          expectDone(await world.there.unregister(leaving.username, leaving.password));
        }
        expect(await openJobs(redisUrl)).not.to.deep.equal([]);
        await withQueue(redisUrl, harm);
        await writing.expectExact();
      }
      await eventually(
        async () => {
          expect(await stored(deed)).to.deep.equal(writing.values);
          expect(await stored(`erased_${deed}`)).to.deep.equal(new Map());
          return true;
        },
        'all of it in MongoDB',
        sweptWithinMs,
      );
      await writing.expectExact();

      await withQueue(redisUrl, (queue) => queue.resume());
      await world.drained();
      expect(await failedJobs(redisUrl)).to.equal(0);
      await writing.round(rounds + 1);
      await world.drained();
      await writing.expectExact();
    });
  }

  it('writes continue while the queue is obliterated repeatedly under the workers', async () => {
    const { redisUrl } = world.services;
    const { token } = await world.here.newAccount();
    const writing = new Writing('again', [world.here, world.there], token);
    const ended = new AbortController();
    const obliterated = { times: 0 };
    const harm = withQueue(redisUrl, async (queue) => {
      for (; !ended.signal.aborted; obliterated.times++) {
        await queue.pause();
        await queue.obliterate({ force: true });
      }
    });
    for (let round = 0; round < 20 || obliterated.times <= 20; round++) {
      await writing.round(round);
      await writing.expectExact();
    }
    ended.abort();
    await harm;
    await eventually(
      async () => {
        expect(await stored('again')).to.deep.equal(writing.values);
        return true;
      },
      'all of it in MongoDB',
      sweptWithinMs,
    );
    await world.drained();
  });
});
