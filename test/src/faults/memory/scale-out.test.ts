import { expect } from 'chai';
import { entryPath, KeybinClient } from '../../world/clients/keybin-client.js';
import type { ApiProcess } from '../../world/processes/keybin-process.js';
import { mostResidentBytes } from '../../world/memory.js';
import { ScaleOutProcesses } from '../../world/services/scale-out-world.js';
import { ownServices } from '../../world/services/services.js';
import { memorySuite, mostBytes } from './suite.js';

/**
 * Limit of an immediate failure, in ms. Nothing is sent to a Redis that does not answer, so no request waits for it.
 */
const atOnceMs = 1_000;
const writers = 20;

describe('the memory of an API of the scale-out engine', function () {
  this.timeout(60_000); // much is sent, on a machine that may be busy
  const world = new ScaleOutProcesses({ services: ownServices, workers: 1 });

  memorySuite(() => apiOf(world.apis));

  it('is bounded while Redis hangs, because nothing more is sent before it responds', async () => {
    const { child, url } = apiOf(world.apis);
    const client = new KeybinClient(url);
    const { token } = await client.newAccount();
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ value: 'x'.repeat(500_000) });
    let fastest = 0; // refusals in a row that were immediate
    await world.services.redis.kill('SIGSTOP');
    const write = async (index: number) => {
      while (fastest < 5 * writers) {
        const fromMs = performance.now();
        const { status } = await client.send('POST', entryPath(token, `key_${index}`), { body, headers });
        expect(status).to.equal(503);
        fastest = performance.now() - fromMs < atOnceMs ? fastest + 1 : 0;
      }
    };
    const most = await mostResidentBytes(child.pid, () =>
      Promise.all(Array.from({ length: writers }, (_, i) => write(i))),
    );
    await world.services.redis.kill('SIGCONT');
    expect(most).to.be.below(mostBytes);
  });
});

function apiOf([api]: readonly ApiProcess[]): ApiProcess {
  if (!api) throw new Error('No API was started');
  return api;
}
