import { expect } from 'chai';
import type { Bearer } from '@keybin/shared/engines/mongo/bearer.js';
import { clockKey } from '@keybin/shared/engines/mongo/keys.js';
import { loadScript, script, type Script } from '@keybin/shared/engines/mongo/scripts.js';
import type { WriteEntries } from '@keybin/worker/guarded-writes.js';
import { settling } from '@keybin/worker/settle.js';
import { sweep } from '@keybin/worker/sweep.js';
import { silent } from '../mongo/staged.js';
import { services } from '../world/services.js';
import { Held } from './held.js';
import { Partition } from './partition.js';

/** `settle.lua` with one condition decided beforehand. */
function settleWith(condition: string, decided: string): Script {
  const { lua } = loadScript('settle');
  expect(lua).to.include(condition);
  return script(lua.replace(condition, decided));
}

/** Each rule of write-protocol.mjs and write-protocol-faults.mjs that the worker keeps: with it a scenario holds, without it breaks. */
describe('the rules of applying', () => {
  // registered first, so that it runs before the servers end
  after(() => partition?.close());
  const world = services();
  let partition: Partition;
  let user: Bearer;

  before(async () => {
    partition = await Partition.open(world);
  });

  beforeEach(async () => {
    await partition.staged.redis.flushdb();
    user = await partition.account();
  });

  /** Writes whatever it has, even over a newer version. */
  const unguarded: WriteEntries = async (entries) => {
    for (const { userId, key, version, json = '' } of entries) {
      const replacement = { version, value: json };
      await partition.database.store.replaceOne({ _id: `${userId}/${key}` }, replacement, { upsert: true });
    }
    return { stored: [...entries], overtaken: [], refused: [] };
  };

  /** One worker has read a put and is slow; meanwhile a newer put is accepted, applied and settled by another. */
  async function shownAfterSlowWorker(write: WriteEntries) {
    await partition.stage(user, 'a', '"old"');
    const held = new Held(write);
    const slow = partition.applier({ write: held.step }).apply([[user.userId, ['a']]]);
    await held.reached;
    await partition.stage(user, 'a', '"new"');
    await partition.apply(user, 'a');
    held.release();
    await slow;
    return partition.shown(user, 'a');
  }

  describe('a write holds only over a smaller version (noguard)', () => {
    it('keeps the newer value', async () => {
      expect(await shownAfterSlowWorker(partition.steps.write)).to.equal('"new"');
    });

    it('would lose it without', async () => {
      expect(await shownAfterSlowWorker(unguarded)).to.equal('"old"');
    });
  });

  /** A newer put is accepted after the older one was written and before it is settled. */
  async function shownAfterLateSettle(settleScript?: Script) {
    await partition.stage(user, 'a', '"old"');
    const { connection, prefix } = partition.staged;
    const held = new Held(settling(connection, prefix, settleScript));
    const applied = partition.applier({ settle: held.step }).apply([[user.userId, ['a']]]);
    await held.reached;
    await partition.stage(user, 'a', '"new"');
    held.release();
    await applied;
    await partition.apply(user, 'a'); // the job of the newer one
    return partition.shown(user, 'a');
  }

  describe('settling removes only what was applied (nocas)', () => {
    it('leaves the newer value pending', async () => {
      expect(await shownAfterLateSettle()).to.equal('"new"');
    });

    it('would lose it without', async () => {
      expect(await shownAfterLateSettle(settleWith('current ~= text', 'false'))).to.equal('"old"');
    });
  });

  /** Redis comes back empty, with a clock that is behind, or just as far as the version that was stored last. */
  async function shownAfterLostClock(clockBehindUs: number, settleScript?: Script) {
    const { connection, prefix, redis } = partition.staged;
    const ahead = connection.timeUs + 3_600_000_000;
    await redis.set(clockKey(prefix), String(ahead));
    const stored = await partition.stage(user, 'a', '"old"');
    await partition.apply(user, 'a');
    await redis.flushdb();
    await partition.staged.giveRecord(user);
    await redis.set(clockKey(prefix), String(stored - 1 - clockBehindUs));
    await partition.stage(user, 'a', '"new"');
    await partition.applier({ settle: settling(connection, prefix, settleScript) }).apply([[user.userId, ['a']]]);
    expect(await partition.pendingCount(user)).to.equal(0);
    expect(await partition.staged.bytes()).to.equal(0);
    return partition.shown(user, 'a');
  }

  describe('a pending entry gets a version above a larger stored one (norestamp)', () => {
    it('stores what was accepted last', async () => {
      expect(await shownAfterLostClock(60_000_000)).to.equal('"new"');
    });

    it('stores it even when both have the same version', async () => {
      expect(await shownAfterLostClock(0)).to.equal('"new"');
    });

    it('would drop it as stale without', async () => {
      expect(await shownAfterLostClock(60_000_000, settleWith("stored == ''", 'true'))).to.equal('"old"');
    });
  });

  /** What the TTL index does, at once. */
  async function expireTombstones(lifetimeSeconds: number) {
    const before = new Date(Date.now() - lifetimeSeconds * 1_000);
    await partition.database.store.deleteMany({ deleted_at: { $lte: before } });
  }

  /** A put that was read before the delete reaches MongoDB after it, and after tombstones were tidied away. */
  async function shownAfterLatePut(tombstoneSeconds: number) {
    await partition.stage(user, 'a', '"old"');
    const held = new Held(partition.steps.write);
    const late = partition.applier({ write: held.step }).apply([[user.userId, ['a']]]);
    await held.reached;
    await partition.stage(user, 'a', undefined);
    await partition.apply(user, 'a');
    await expireTombstones(tombstoneSeconds);
    held.release();
    await late;
    return partition.shown(user, 'a');
  }

  describe('tombstones outlive every batch (earlyttl)', () => {
    it('keeps a deleted key deleted', async () => {
      const indexes = await partition.database.store.indexes();
      const lifetime = indexes.find(({ key }) => 'deleted_at' in key)?.expireAfterSeconds;
      expect(await shownAfterLatePut(Number(lifetime))).to.equal(undefined);
    });

    it('would bring it back if they ended earlier', async () => {
      expect(await shownAfterLatePut(-1)).to.equal('"old"');
    });
  });

  /** All jobs are removed; whether the entry comes into MongoDB. */
  async function storedAfterLostJobs(withSweep: boolean) {
    await partition.stage(user, 'a', '1');
    await partition.staged.redis.del(partition.staged.queue.waitKey);
    if (withSweep) {
      const { connection, prefix } = partition.staged;
      const applier = partition.applier();
      await sweep({
        redis: connection,
        prefix,
        apply: (names) => applier.apply(names),
        afterSeconds: 0,
        batchEntries: 500,
        log: silent,
      });
    }
    return (await partition.stored(user, 'a'))?.value;
  }

  describe('what waits without a job is swept (nosweep)', () => {
    it('applies it', async () => {
      expect(await storedAfterLostJobs(true)).to.equal('1');
      expect(await partition.pendingCount(user)).to.equal(0);
    });

    it('would leave it pending for ever without', async () => {
      expect(await storedAfterLostJobs(false)).to.equal(undefined);
      expect(await partition.pendingCount(user)).to.equal(1);
    });
  });
});
