import { expect } from 'chai';
import { expectKeys, expectValue } from '../contract/subjects/answers.js';
import { alternately } from '../contract/subjects/subject.js';
import { eventually } from '../world/eventually.js';
import type { Answer } from '../world/clients/keybin-client.js';
import { ScaleOutProcesses } from '../world/services/scale-out-world.js';
import { ownServices } from '../world/services/services.js';

const writers = 4;
/** Acknowledged writes between two kills. */
const writesBetween = 20;
const recoveredWithinMs = 20_000;

describe('the scale-out engine, killed part by part with kill -9 under load', () => {
  const world = new ScaleOutProcesses({ services: ownServices, env: { KEYBIN_QUEUE_SWEEP_AFTER: '2' } });

  it('loses no acknowledged write and shows none that was replaced', async function () {
    this.timeout(180_000);
    const { token } = await world.here.newAccount();
    const load = Array.from({ length: writers }, (_, index) => new Writer(world, token, `key_${index}`));
    const ended = load.map((writer) => writer.run());
    const progress = async () => {
      const wanted = load.map((writer) => writer.answered + writesBetween);
      await eventually(
        () => load.every((writer, index) => writer.answered >= (wanted[index] ?? 0)),
        'answered writes',
        recoveredWithinMs,
      );
    };

    const { redis, mongod } = world.services;
    let worker = await world.startWorker();
    const kills: (() => Promise<void>)[] = [
      async () => {
        await worker.kill('SIGKILL');
        worker = await world.startWorker();
      },
      async () => {
        await redis.kill('SIGKILL');
        await redis.start();
      },
      async () => {
        await mongod.kill('SIGKILL');
        await mongod.start();
      },
      () => world.replaceApi(0),
      async () => {
        await Promise.all([redis.kill('SIGKILL'), mongod.kill('SIGKILL'), worker.kill('SIGKILL')]);
        await Promise.all([redis.start(), mongod.start()]);
        worker = await world.startWorker();
      },
      () => world.replaceApi(1),
    ];
    for (const kill of kills) {
      await progress();
      await kill();
    }
    await progress();
    for (const writer of load) writer.end();
    await Promise.all(ended);

    expect(load.flatMap((writer) => writer.wrong)).to.deep.equal([]);
    const values = load.map((writer) => writer.answered);
    const look = async () => {
      for (const [index, { key }] of load.entries()) {
        expectValue(await alternately(world, index).get(token, key), values[index]);
      }
      expectKeys(
        await world.there.keys(token),
        load.map(({ key }) => key),
      );
    };
    await look();
    await world.drained(60_000);
    await look();
  });
});

/** Writes rising numbers to its own key, and reads each acknowledged one back through the other process. */
class Writer {
  /** Last number that was acknowledged. The writer ends with an acknowledged one. */
  answered = 0;
  readonly wrong: string[] = [];
  #ending = false;

  constructor(
    private readonly world: ScaleOutProcesses,
    private readonly token: string,
    readonly key: string,
  ) {}

  end(): void {
    this.#ending = true;
  }

  async run(): Promise<void> {
    for (let value = 1; ; value++) {
      const answer = await attempt(() => alternately(this.world, value).put(this.token, this.key, value));
      if (answer?.status !== 200) {
        this.#judge(answer, 'write');
        continue;
      }
      this.answered = value;
      const read = await attempt(() => alternately(this.world, value + 1).get(this.token, this.key));
      if (read?.status !== 200) this.#judge(read, 'read');
      else if (read.text !== `{"value":${value}}`) this.wrong.push(`${this.key}: ${read.text} after ${value}`);
      if (this.#ending) return;
    }
  }

  /** Records every answer except 503: a kill may cause only that, or no answer. */
  #judge(answer: Answer | undefined, what: string): void {
    if (answer && answer.status !== 503) this.wrong.push(`${what} of ${this.key}: ${answer.status} ${answer.text}`);
  }
}

async function attempt(call: () => Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await call();
  } catch {
    return undefined;
  }
}
