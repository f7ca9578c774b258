import { expect } from 'chai';
import { TokenCheckedSteps } from '@keybin/shared/engines/scale-out/entries/token-checked-steps.js';
import { PendingReads } from '@keybin/shared/engines/scale-out/entries/pending-reads.js';
import { deadlineIn } from '@keybin/shared/deadline.js';
import { services } from '../../../world/services/services.js';
import { HoldingProxy } from '../../../world/scale-out/holding-proxy.js';
import { Staged, newBearer } from '../../../world/scale-out/staged.js';
import { times } from '../../../world/times.js';

/** Time left for the read, far less than the timeout of a Redis command. */
const leftMs = 100;

describe('a read of pending entries', () => {
  const given = services();
  let proxy: HoldingProxy;
  let staged: Staged;

  before(async () => {
    proxy = await HoldingProxy.open(given.redisUrl);
    staged = await Staged.open(proxy.url);
  });
  after(async () => {
    proxy?.release();
    await staged?.close();
    proxy?.close();
  });

  it('times out in time, even if finding the token took most of it', async () => {
    const bearer = newBearer();
    const partition = { commits: staged.commits(), entries: new PendingReads(0, staged.connection) };
    const steps = new TokenCheckedSteps({ resolve: () => bearer, verify: async () => {} }, [partition], times);
    proxy.hold();
    const read = steps.read(bearer, ({ entries }) => entries.read(bearer, 'k', false), deadlineIn(leftMs));
    const refused = await read.catch((error: unknown) => error);
    expect(refused).to.include({ code: 'unavailable' });
    // Not by the timeout of a Redis command
    expect(refused)
      .to.have.property('cause')
      .that.matches(/^Error: reading from Redis took longer than \d{1,3} ms$/);
  });
});
