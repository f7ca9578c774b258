import { expect } from 'chai';
import { ScaleOutEntries } from '@keybin/shared/engines/scale-out/entries/entries.js';
import { PendingReads } from '@keybin/shared/engines/scale-out/entries/pending-reads.js';
import { StoredEntries } from '@keybin/shared/engines/scale-out/entries/stored-entries.js';
import { TokenCheckedSteps } from '@keybin/shared/engines/scale-out/entries/token-checked-steps.js';
import { clockKey } from '@keybin/shared/engines/scale-out/redis/keys.js';
import type { Script } from '@keybin/shared/engines/scale-out/redis/scripts.js';
import type { WriteEntries } from '@keybin/worker/apply/write-entries.js';
import { settleBy } from '@keybin/worker/apply/settle.js';
import { Overdue } from '@keybin/worker/sweep/overdue.js';
import { sweepEntries } from '@keybin/worker/sweep/sweep-entries.js';
import { changedScript } from '../../world/scale-out/changed-script.js';
import { silent } from '../../world/scale-out/staged.js';
import { Held } from './held.js';
import { copyOf, restore } from '../../world/scale-out/older-redis.js';
import { freshPartition } from './partition.js';
import { times } from '../../world/times.js';

/**
 * Tests each rule of write-protocol.mjs and write-protocol-faults.mjs that the worker keeps. Without the rule the
 * scenario breaks.
 */
describe('the rules of applying', () => {
  const world = freshPartition();

  /** Writes every entry, even over a newer version. */
  const unguarded: WriteEntries = async (entries) => {
    for (const { userId, key, epoch, version, json = '' } of entries) {
      const replacement = { epoch, version, value: json };
      await world.partition.database.store.replaceOne({ _id: `${userId}/${key}` }, replacement, { upsert: true });
    }
    return { stored: [...entries], overtaken: [], rejected: [] };
  };

  /**
   * Pauses a worker that has read a put. Meanwhile a newer put is accepted, and another worker applies and settles it.
   */
  async function shownAfterSlowWorker(write: WriteEntries) {
    await world.partition.stage(world.user, 'a', '"old"');
    const held = new Held(write);
    const slow = world.partition.applier({ write: held.step }).apply([[world.user.userId, ['a']]]);
    await held.reached;
    await world.partition.stage(world.user, 'a', '"new"');
    await world.partition.apply(world.user, 'a');
    held.release();
    await slow;
    return world.partition.shown(world.user, 'a');
  }

  describe('a write replaces only a smaller version (noguard)', () => {
    it('keeps the newer value', async () => {
      expect(await shownAfterSlowWorker(world.partition.steps.write)).to.equal('"new"');
    });

    it('would lose it without', async () => {
      expect(await shownAfterSlowWorker(unguarded)).to.equal('"old"');
    });
  });

  /** Accepts a newer put after the older one was written and before it is settled. */
  async function shownAfterLateSettle(settleScript?: Script) {
    await world.partition.stage(world.user, 'a', '"old"');
    const { connection, prefix } = world.partition.staged;
    const held = new Held(settleBy(connection, prefix, { script: settleScript }));
    const applied = world.partition.applier({ settle: held.step }).apply([[world.user.userId, ['a']]]);
    await held.reached;
    await world.partition.stage(world.user, 'a', '"new"');
    held.release();
    await applied;
    await world.partition.apply(world.user, 'a'); // the job of the newer put
    return world.partition.shown(world.user, 'a');
  }

  describe('settling removes only what was applied (nocas)', () => {
    it('leaves the newer value pending', async () => {
      expect(await shownAfterLateSettle()).to.equal('"new"');
    });

    it('would lose it without', async () => {
      expect(await shownAfterLateSettle(changedScript('entries/settle', 'current ~= text', 'false'))).to.equal('"old"');
    });
  });

  /** Writes an entry if the stored version is smaller, in whatever epoch. */
  const byVersionAlone: WriteEntries = async (entries) => {
    for (const { userId, key, epoch, version, json = '' } of entries) {
      const filter = { _id: `${userId}/${key}`, version: { $lt: version } };
      await world.partition.database.store.updateOne(filter, { $set: { epoch, version, value: json } });
    }
    return { stored: [...entries], overtaken: [], rejected: [] };
  };

  /** Empties Redis and sets its clock `clockBehindUs` behind the version that was stored last. */
  async function shownAfterLostClock(clockBehindUs: number, write = world.partition.steps.write) {
    const { connection, prefix, redis } = world.partition.staged;
    const ahead = connection.timeUs + 3_600_000_000;
    await redis.set(clockKey(prefix), String(ahead));
    const stored = await world.partition.stageVersion(world.user, 'a', '"old"');
    await world.partition.apply(world.user, 'a');
    await redis.flushdb();
    await world.partition.staged.giveRecord(world.user);
    await redis.set(clockKey(prefix), String(stored - 1 - clockBehindUs));
    await world.partition.stage(world.user, 'a', '"new"');
    await world.partition.applier({ write }).apply([[world.user.userId, ['a']]]);
    expect(await world.partition.pendingCount(world.user)).to.equal(0);
    expect(await world.partition.staged.bytes()).to.equal(0);
    return world.partition.shown(world.user, 'a');
  }

  describe('a write of a later epoch replaces any of an earlier one (noepoch)', () => {
    it('stores what was accepted last', async () => {
      expect(await shownAfterLostClock(60_000_000)).to.equal('"new"');
    });

    it('stores it even when both have the same version', async () => {
      expect(await shownAfterLostClock(0)).to.equal('"new"');
    });

    it('would drop it as stale without', async () => {
      expect(await shownAfterLostClock(60_000_000, byVersionAlone)).to.equal('"old"');
    });
  });

  /**
   * Leaves a put pending, has it applied and replaced by `newer`, then gives Redis back what it had when the first put
   * was pending, in another epoch.
   */
  async function shownAfterOlderRedis(newer: string | undefined, write = world.partition.steps.write) {
    const { connection, redis } = world.partition.staged;
    await world.partition.stage(world.user, 'a', '"old"');
    const older = await copyOf(redis);
    await world.partition.apply(world.user, 'a');
    await world.partition.stage(world.user, 'a', newer);
    await world.partition.apply(world.user, 'a');
    await restore(redis, older);
    await connection.beginEpochs();
    const read = await reader()
      .get('token', 'a')
      .catch(() => undefined);
    await world.partition.applier({ write }).apply([[world.user.userId, ['a']]]);
    return { read, shown: await world.partition.shown(world.user, 'a') };
  }

  const reader = () => {
    const { staged, database } = world.partition;
    const bearers = { resolve: () => world.user, verify: async () => {} };
    const partition = { commits: staged.commits(), entries: new PendingReads(0, staged.connection) };
    return new ScaleOutEntries(new TokenCheckedSteps(bearers, [partition], times), new StoredEntries(database));
  };

  describe('an older Redis brings nothing back (noguard)', () => {
    for (const newer of ['"new"', undefined]) {
      it(`keeps ${newer === undefined ? 'a delete' : 'a newer value'}, and shows it at once`, async () => {
        expect(await shownAfterOlderRedis(newer)).to.deep.equal({ read: newer, shown: newer });
        expect(await world.partition.pendingCount(world.user)).to.equal(0);
        expect(await world.partition.staged.bytes()).to.equal(0);
      });
    }

    it('would bring it back without', async () => {
      expect((await shownAfterOlderRedis('"new"', unguarded)).shown).to.equal('"old"');
    });
  });

  /** Deletes expired tombstones at once, as the TTL index does later. */
  async function expireTombstones(lifetimeSeconds: number) {
    const before = new Date(Date.now() - lifetimeSeconds * 1_000);
    await world.partition.database.store.deleteMany({ deleted_at: { $lte: before } });
  }

  /**
   * Delays a put that was read before a delete. It reaches MongoDB after the delete, when expired tombstones were
   * removed.
   */
  async function shownAfterLatePut(tombstoneSeconds: number) {
    await world.partition.stage(world.user, 'a', '"old"');
    const held = new Held(world.partition.steps.write);
    const late = world.partition.applier({ write: held.step }).apply([[world.user.userId, ['a']]]);
    await held.reached;
    await world.partition.stage(world.user, 'a', undefined);
    await world.partition.apply(world.user, 'a');
    await expireTombstones(tombstoneSeconds);
    held.release();
    await late;
    return world.partition.shown(world.user, 'a');
  }

  describe('tombstones outlive every batch (earlyttl)', () => {
    it('keeps a deleted key deleted', async () => {
      const indexes = await world.partition.database.store.indexes();
      const lifetime = indexes.find(({ key }) => 'deleted_at' in key)?.expireAfterSeconds;
      expect(await shownAfterLatePut(Number(lifetime))).to.equal(undefined);
    });

    it('would bring it back if they ended earlier', async () => {
      expect(await shownAfterLatePut(-1)).to.equal('"old"');
    });
  });

  /** Removes all jobs. Returns the entry in MongoDB. */
  async function storedAfterLostJobs(withSweep: boolean) {
    await world.partition.stage(world.user, 'a', '1');
    await world.partition.staged.redis.del(world.partition.staged.queue.waitKey);
    if (withSweep) {
      const { connection, prefix } = world.partition.staged;
      const applier = world.partition.applier();
      await sweepEntries({
        redis: connection,
        prefix,
        apply: (names) => applier.apply(names),
        overdue: new Overdue(0),
        batchEntries: 500,
        log: silent,
      });
    }
    return (await world.partition.stored(world.user, 'a'))?.value;
  }

  describe('a pending entry without a job is swept (nosweep)', () => {
    it('applies it', async () => {
      expect(await storedAfterLostJobs(true)).to.equal('1');
      expect(await world.partition.pendingCount(world.user)).to.equal(0);
    });

    it('would leave it pending forever without', async () => {
      expect(await storedAfterLostJobs(false)).to.equal(undefined);
      expect(await world.partition.pendingCount(world.user)).to.equal(1);
    });
  });
});
