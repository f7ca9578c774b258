import { expect } from 'chai';
import { TokenCheckedSteps } from '@keybin/shared/engines/scale-out/entries/token-checked-steps.js';
import { ScaleOutEntries } from '@keybin/shared/engines/scale-out/entries/entries.js';
import { PendingReads } from '@keybin/shared/engines/scale-out/entries/pending-reads.js';
import type { Script } from '@keybin/shared/engines/scale-out/redis/scripts.js';
import { StoredEntries } from '@keybin/shared/engines/scale-out/entries/stored-entries.js';
import { hasCode } from '@keybin/shared/errors.js';
import { changedScript } from '../../world/scale-out/changed-script.js';
import { roomy } from '../../world/scale-out/staged.js';
import { Held } from './held.js';
import { freshPartition } from './partition.js';
import { times } from '../../world/times.js';

const passing = async (json?: string) => json;
const deleting = async (of: ScaleOutEntries) =>
  of.delete('token', 'k').then(
    () => 'deleted',
    (error: unknown) => (hasCode(error, 'key_not_found') ? 'nothing there' : error),
  );

/** Tests the rules `noslot` and `nosame` of write-protocol-faults.mjs. */
describe('two deletes of one stored value at once', () => {
  const world = freshPartition();

  beforeEach(async () => {
    await world.partition.stage(world.user, 'k', '"1"');
    await world.partition.apply(world.user, 'k');
  });

  /** Returns entries that pass MongoDB's answer through `afterLook`. */
  function entries(afterLook: (json?: string) => Promise<string | undefined>, acceptScript?: Script) {
    const { staged, database } = world.partition;
    const stored = new StoredEntries(database);
    const bearers = { resolve: () => world.user, verify: async () => {} };
    const commits = staged.commits(roomy, acceptScript);
    const steps = new TokenCheckedSteps(bearers, [{ commits, entries: new PendingReads(0, staged.connection) }], times);
    return new ScaleOutEntries(steps, {
      find: async (...args) => afterLook(await stored.find(...args)),
      findNewer: (...args) => stored.findNewer(...args),
      notYetStored: (...args) => stored.notYetStored(...args),
      keys: (...args) => stored.keys(...args),
    });
  }

  /**
   * Pauses one delete after it has read MongoDB. Meanwhile another delete is acknowledged, applied and settled, and
   * then a put of `then`. Resolves with the outcome of the paused delete.
   */
  async function slowDelete(then?: string, acceptScript?: Script) {
    const held = new Held(passing);
    const slow = deleting(entries(held.step, acceptScript));
    await held.reached;
    expect(await deleting(entries(passing))).to.equal('deleted');
    await world.partition.apply(world.user, 'k');
    if (then !== undefined) {
      await world.partition.stage(world.user, 'k', then);
      await world.partition.apply(world.user, 'k');
    }
    held.release();
    return slow;
  }

  it('find one value', async () => {
    expect(await slowDelete()).to.equal('nothing there');
  });

  it('would both find it if the slot of the key were not compared', async () => {
    const rule = 'lookAt(slot) ~= string.sub(change, 2)';
    expect(await slowDelete(undefined, changedScript('entries/accept', rule, "operation == 'D'"))).to.equal('deleted');
  });

  it('find two values if one was put in between', async () => {
    expect(await slowDelete('"2"')).to.equal('deleted');
    await world.partition.apply(world.user, 'k');
    expect((await world.partition.stored(world.user, 'k'))?.value).to.equal(undefined);
  });

  it('look again if an epoch has begun in between', async () => {
    const looks: (string | undefined)[] = [];
    const looked = async (json?: string) => {
      if (looks.push(json) === 1) await world.partition.staged.connection.beginEpochs();
      await world.partition.staged.giveRecord(world.user);
      return json;
    };
    expect(await deleting(entries(looked))).to.equal('deleted');
    expect(looks).to.deep.equal(['"1"', '"1"']);
  });
});
