import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { Child } from '../world/processes/child.js';
import { startApi } from '../world/processes/keybin-service.js';

import { ScaleOutWorld } from '../world/services/scale-out-world.js';
import { services } from '../world/services/services.js';

const script = fileURLToPath(new URL('../../../examples/world-countries/load.mjs', import.meta.url));
const account = ['--username', 'geographer', '--password', 'secret'];

async function expectAllEqual(url: string): Promise<void> {
  const run = new Child('the example', process.execPath, [script, '--url', url, ...account]);
  const { code } = await run.exited;
  expect(run.output)
    .to.match(/^250 records stored/m)
    .and.to.match(/^250 read back equal/m);
  expect(run.output).to.match(/^250 of them in the list of 250 keys/m);
  expect(code).to.equal(0);
}

describe('250 nested, multilingual records of real data', () => {
  it('come back equal from the embedded engine, stored once and again', async () => {
    const api = await startApi();
    await expectAllEqual(api.url);
    await expectAllEqual(api.url);
    await api.stop();
  });

  describe('in the scale-out engine', () => {
    const world = new ScaleOutWorld({ services, workers: 1 });

    it('come back equal, stored once and, when MongoDB has them, again', async () => {
      await expectAllEqual(world.here.baseUrl);
      await world.drained();
      await expectAllEqual(world.there.baseUrl);
      await world.drained();
    });
  });
});
