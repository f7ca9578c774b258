import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import { BodyMemory, type Place } from '@keybin/api/bodies/body-memory.js';
import { hasCode } from '@keybin/shared/errors.js';

const soon = { bodyWaitMs: 50, slowBodyMs: 0 };
const late = { bodyWaitMs: 10_000, slowBodyMs: 10_000 };

const refused = (work: Promise<unknown>) =>
  work.then(
    () => false,
    (error: unknown) => hasCode(error, 'unavailable'),
  );

describe('the memory for bodies', () => {
  it('admits bodies that fit together, and the next ones in their order as memory is released', async () => {
    const room = new BodyMemory(100, late);
    const places = await Promise.all([room.take(60), room.take(40)]);
    const order: number[] = [];
    const waiting = [50, 50, 20].map(async (bytes, index): Promise<Place> => {
      const place = await room.take(bytes);
      order.push(index);
      return place;
    });
    await Promise.resolve();
    expect(order).to.deep.equal([]);
    places[0]?.giveBack();
    (await waiting[0])?.giveBack();
    await waiting[1];
    expect(order).to.deep.equal([0, 1]);
    places[1]?.giveBack();
    await waiting[2];
    expect(order).to.deep.equal([0, 1, 2]);
  });

  it('releases memory once', async () => {
    const room = new BodyMemory(100, soon);
    const place = await room.take(60);
    await room.take(40);
    place.giveBack();
    place.giveBack();
    await room.take(60);
    expect(await refused(room.take(60))).to.equal(true);
  });

  it('releases memory only when the work that holds the body is done', async () => {
    const room = new BodyMemory(100, late);
    const place = await room.take(100);
    let fail: ((error: Error) => void) | undefined;
    const work = new Promise<void>((_resolve, reject) => (fail = reject));
    place.keepFor(work);
    place.giveBack();
    let isIn = false;
    const next = room.take(100).then(() => (isIn = true));
    await nextTurn();
    expect(isIn).to.equal(false);
    fail?.(new Error('it failed'));
    await next;
  });

  it('refuses a body that waits too long, and admits the ones behind it', async () => {
    const room = new BodyMemory(100, soon);
    await room.take(60);
    const [large, small] = [room.take(50), room.take(40)];
    expect(await refused(large)).to.equal(true);
    await small;
  });

  it('admits a body alone that is larger than the limit', async () => {
    const room = new BodyMemory(100, soon);
    const place = await room.take(1_000);
    const next = room.take(1);
    place.giveBack();
    await next;
    expect(await refused(room.take(1_000))).to.equal(true);
  });

  it('takes memory from a body that arrives slowly if others wait, and from no other', async () => {
    const room = new BodyMemory(100, soon);
    const [slow, there] = await Promise.all([room.take(50), room.take(50)]);
    there.arrived();
    const lost = refused(slow.lost.finally(() => slow.giveBack()));
    await room.take(50);
    expect(await lost).to.equal(true);
    expect(await Promise.race([refused(there.lost), Promise.resolve('kept')])).to.equal('kept');
  });
});
