import { expect } from 'chai';
import { ObjectId } from 'mongodb';
import { takeNumbersUpTo } from '@keybin/shared/engines/scale-out/accounts/account-numbers.js';
import { RedisAccountMarks } from '@keybin/shared/engines/scale-out/accounts/account-marks.js';
import type { Bearer } from '@keybin/shared/engines/scale-out/tokens/bearer.js';
import { ErasureRecords } from '@keybin/shared/engines/scale-out/accounts/erasure-records.js';
import { unregister } from '@keybin/shared/engines/scale-out/accounts/unregister.js';
import { eraseDocuments } from '@keybin/worker/sweep/erase-documents.js';
import { repeatErasures, type ErasureParts } from '@keybin/worker/sweep/repeat-erasures.js';
import { services } from '../../world/services/services.js';
import { times } from '../../world/times.js';
import { Held } from './held.js';
import { only } from '../../world/scale-out/staged.js';
import { Partition } from './partition.js';

type Records = ErasureParts['records'];

const killed = async () => Promise.reject(new Error('killed'));

/**
 * Tests each rule about erased accounts that the worker keeps, and that the models have. Without the rule the scenario
 * breaks.
 */
describe('the rules of erasing', () => {
  // registered first, so that it runs before the servers are stopped
  after(() => partition?.close());
  const world = services();
  let partition: Partition;
  let records: ErasureRecords;
  let marks: RedisAccountMarks;
  let user: Bearer;
  const registered = new Date();

  before(async () => {
    partition = await Partition.open(world);
    records = new ErasureRecords(partition.database);
    marks = new RedisAccountMarks(only(partition.staged.connection), times);
  });

  beforeEach(async () => {
    await partition.staged.redis.flushdb();
    await partition.database.erasures.deleteMany({});
    user = await partition.account();
  });

  const deleteUser = async (userId: string) => {
    await partition.database.users.deleteOne({ user_id: userId });
  };

  async function erase(userId: string): Promise<void> {
    await eraseDocuments(partition.database, only(partition.staged.connection), userId);
  }

  async function end(erasures: Pick<ErasureRecords, 'put'> = records): Promise<void> {
    await unregister({ ...user, username: 'ada' }, registered, {
      marks,
      erasures,
      deleteUser,
      queueOf: () => partition.staged.queue,
    });
  }

  /**
   * Runs each pass when it is due, until no erasure is left. Calls `between` after each. Returns the number of passes.
   */
  async function passAll(used: Records, between: (passes: number) => Promise<void> = async () => {}): Promise<number> {
    for (let passes = 1; ; passes += 1) {
      const [next] = await records.due(new Date(8.64e15), 1);
      if (!next) return passes - 1;
      await repeatErasures(next.due_at, { records: used, marks, eraseDocuments: erase, times });
      await between(passes);
    }
  }

  /**
   * Unregisters an account after a batch has read its entries. The batch reaches MongoDB after `passesBefore` passes of
   * the erasure.
   */
  async function storedAfterLateBatch(passesBefore: number, used: Records): Promise<boolean> {
    await partition.stage(user, 'a', '1');
    const held = new Held(partition.steps.write);
    const late = partition.applier({ write: held.step }).apply([[user.userId, ['a']]]);
    await held.reached;
    await end();
    await passAll(used, async (passes) => {
      if (passes !== passesBefore) return;
      held.release();
      await late;
      expect(await partition.stored(user, 'a')).not.to.equal(null);
    });
    return (await partition.stored(user, 'a')) !== null;
  }

  /** Returns the records of a product that stops after this many passes. */
  function endingAfter(passes: number): Records {
    let done = 0;
    return {
      due: (now, limit) => records.due(now, limit),
      remove: (userId) => records.remove(userId),
      passed: (userId, next) => (++done < passes ? records.passed(userId, next) : records.remove(userId)),
    };
  }

  it('discards the numbers that an unfinished import reserved: one of them may belong to the account', async () => {
    const { counters } = partition.database;
    const before = await takeNumbersUpTo(counters, 1_000, 'export');
    expect(await takeNumbersUpTo(counters, 1_000, 'export')).to.equal(before);
    await erase(user.userId);
    expect(await takeNumbersUpTo(counters, 1_000, 'export')).to.equal(1_000);
  });

  it('erases again what a batch brought back after the first pass', async () => {
    expect(await storedAfterLateBatch(1, records)).to.equal(false);
  });

  it('would leave it there if it erased once (nosecond)', async () => {
    expect(await storedAfterLateBatch(1, endingAfter(1))).to.equal(true);
  });

  it('erases what a batch brought back after the second pass', async () => {
    expect(await storedAfterLateBatch(2, records)).to.equal(false);
  });

  it('would leave it there if the second pass was the last (nolast)', async () => {
    expect(await storedAfterLateBatch(2, endingAfter(2))).to.equal(true);
  });

  it('repeats at growing intervals for a day and then removes the record', async () => {
    await end();
    const dueSeconds: number[] = [];
    await passAll({
      due: (now, limit) => records.due(now, limit),
      remove: (userId) => records.remove(userId),
      passed: (userId, next) => {
        dueSeconds.push((next.getTime() - registered.getTime()) / 1_000);
        return records.passed(userId, next);
      },
    });
    expect(dueSeconds).to.deep.equal([10, 70, 670, 4_270, 25_870, 47_470, 69_070, 86_400]);
    expect(await partition.database.erasures.countDocuments()).to.equal(0);
  });

  /** Makes Redis lose the job and the mark just after the account's deletion was acknowledged. */
  async function storedAfterLossOfRedis(erasures?: Pick<ErasureRecords, 'put'>): Promise<boolean> {
    await partition.stage(user, 'a', '1');
    await partition.apply(user, 'a');
    await end(erasures);
    await partition.staged.redis.flushdb();
    await passAll(records);
    return (await partition.stored(user, 'a')) !== null;
  }

  describe('an erasure is recorded in MongoDB (norecord)', () => {
    it('erases although Redis lost the job', async () => {
      expect(await storedAfterLossOfRedis()).to.equal(false);
    });

    it('would leave everything there without', async () => {
      expect(await storedAfterLossOfRedis({ put: async () => {} })).to.equal(true);
    });
  });

  it('finishes an unregister that died after its record was written', async () => {
    await partition.stage(user, 'a', '1');
    await partition.apply(user, 'a');
    await partition.stage(user, 'b', '2');
    await insertUser('half-gone', user.userId);
    const parts = { marks, erasures: records, deleteUser: killed, queueOf: () => partition.staged.queue };
    await unregister({ ...user, username: 'ada' }, registered, parts).catch(() => {});
    await repeatErasures(registered, { records, marks, eraseDocuments: erase, times });
    expect(await partition.pendingCount(user)).to.equal(0);
    expect(await partition.stored(user, 'a')).to.equal(null);
    expect(await partition.database.users.countDocuments({ user_id: user.userId })).to.equal(0);
    await partition.stage(user, 'c', '3').then(
      () => expect.fail('a write was accepted'),
      () => {},
    );
  });

  it('erases more entries than one chunk holds, and nothing of an account whose id is close', async () => {
    const { store } = partition.database;
    const neighbours = [`${user.userId}0/a`, `${user.userId.slice(0, -1)}/a`];
    const own = Array.from({ length: 2_500 }, (_, i) => `${user.userId}/k${i}`);
    await store.insertMany([...own, ...neighbours].map((id) => ({ _id: id, version: 1, value: '1' })));
    await erase(user.userId);
    expect(await store.countDocuments({ _id: { $in: own } })).to.equal(0);
    expect(await store.countDocuments({ _id: { $in: neighbours } })).to.equal(2);
  });

  async function insertUser(username: string, userId: string): Promise<void> {
    const number = await partition.database.users.countDocuments();
    const rest = { password: '', created_at: registered, number };
    await partition.database.users.insertOne({ _id: new ObjectId(), user_id: userId, username, ...rest });
  }

  /** Registers the name again before the job runs. Returns the number of new accounts that are left. */
  async function heirsAfterErasure(job: (userId: string, username: string) => Promise<void>): Promise<number> {
    const username = `alice-${user.userId}`;
    await insertUser(username, user.userId);
    await end();
    const heir = await partition.account();
    await insertUser(username, heir.userId);
    await job(user.userId, username);
    return partition.database.users.countDocuments({ user_id: heir.userId });
  }

  describe('the erase job knows the user id only (byname)', () => {
    it('keeps an account that has registered the name since', async () => {
      expect(await heirsAfterErasure(erase)).to.equal(1);
    });

    it('would delete it if it used the name', async () => {
      const heirs = heirsAfterErasure(async (userId, username) => {
        await erase(userId);
        await partition.database.users.deleteOne({ username });
      });
      expect(await heirs).to.equal(0);
    });
  });
});
