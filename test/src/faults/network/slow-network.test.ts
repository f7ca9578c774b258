import { expect } from 'chai';
import { Random } from '../../fault-run/random.js';
import { KeybinClient, type Answer } from '../../world/clients/keybin-client.js';
import { SlowLink } from '../../world/network/slow-link.js';
import { spawnApi } from '../../world/processes/keybin-process.js';
import { ScaleOutWorld } from '../../world/services/scale-out-world.js';
import { services } from '../../world/services/services.js';
import { answersInTime } from '../support/answers.js';

const clients = 6;
const rounds = 8;
const seed = Number(process.env['KEYBIN_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 32));

describe('an API with 300 ms to Redis and MongoDB, and a loss of 5 %', function () {
  this.timeout(120_000);
  const world = new ScaleOutWorld({ services, workers: 1 });

  it(`answers in time, and what it acknowledges is there (seed ${seed})`, async () => {
    const random = new Random(seed);
    const options = { delayMs: 150, loss: 0.05, retransmitMs: 500, random: () => random.next() };
    const redis = await SlowLink.open(world.services.redisUrl, options);
    const mongod = await SlowLink.open(world.services.mongoUrl, options);
    const env = { ...world.services.env, KEYBIN_QUEUE_REDIS: redis.url, KEYBIN_STORE_HOST: mongod.url };
    const api = await spawnApi({ env });
    const far = new KeybinClient(api.url);
    let acknowledged = 0;

    /** Writes one key again and again. Checks each read, and at the end one through an API that is near. */
    async function useKey(token: string, key: string): Promise<void> {
      let possible: unknown[] = [undefined];
      const expectPossible = (answer: Answer) => {
        expect(answer.status).to.be.oneOf([200, 404]);
        const value = answer.status === 200 ? (answer.json as { readonly value: unknown }).value : undefined;
        expect(possible).to.include(value);
        possible = [value];
      };
      for (let round = 1; round <= rounds; round++) {
        const { put } = await answersInTime({ put: () => far.put(token, key, round) });
        expect(put.status).to.be.oneOf([200, 503]);
        if (put.status === 200) acknowledged += 1;
        possible = put.status === 200 ? [round] : [...possible, round]; // a write that got 503 may be done or not
        const { get } = await answersInTime({ get: () => far.get(token, key) });
        if (get.status !== 503) expectPossible(get);
      }
      expectPossible(await world.here.get(token, key));
    }

    try {
      const { token } = await world.here.newAccount();
      await Promise.all(Array.from({ length: clients }, (_, client) => useKey(token, `key${client}`)));
      expect(acknowledged).to.be.above((clients * rounds) / 2);
    } finally {
      await api.stop();
      redis.close();
      mongod.close();
    }
  });
});
