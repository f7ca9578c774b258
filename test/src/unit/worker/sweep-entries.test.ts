import { expect } from 'chai';
import { unavailable } from '@keybin/shared/errors.js';
import { InvariantError } from '@keybin/shared/invariant.js';
import { Overdue } from '@keybin/worker/sweep/overdue.js';
import { sweepEntries } from '@keybin/worker/sweep/sweep-entries.js';
import { silent } from '../../world/scale-out/staged.js';
import { freshPartition } from './partition.js';

describe('sweeping', () => {
  const world = freshPartition();

  it('continues behind rejected writes that cannot be marked as rejected', async () => {
    const { partition, user } = world;
    for (const key of ['bad', 'a', 'worse', 'b']) await partition.stage(user, key, '1');
    const { write } = partition.steps;
    const applier = partition.applier({
      write: async (entries) => {
        const [entry] = entries;
        if (!entry || !['bad', 'worse'].includes(entry.key)) return write(entries);
        return { stored: [], overtaken: [], rejected: [{ entry, reason: 'rejected' }] };
      },
      reject: async () => {
        throw unavailable(); // as with a Redis at `maxmemory`
      },
    });
    await sweepEntries({
      redis: partition.staged.connection,
      prefix: partition.staged.prefix,
      apply: (names) => applier.apply(names),
      overdue: new Overdue(0),
      batchEntries: 1,
      log: silent,
    });
    expect(await partition.staged.waiting()).to.deep.equal([`${user.userId}/bad`, `${user.userId}/worse`]);
    expect((await partition.stored(user, 'b'))?.value).to.equal('1');
  });

  it('applies the entries around an entry that breaks an invariant, and those behind it', async () => {
    const { partition, user } = world;
    for (const key of ['a', 'bad', 'b', 'c', 'd']) await partition.stage(user, key, '1');
    const applier = partition.applier();
    await sweepEntries({
      redis: partition.staged.connection,
      prefix: partition.staged.prefix,
      apply: async (names) => {
        if (names.some(([, keys]) => keys.includes('bad'))) throw new InvariantError('overtaken_by_newer');
        return applier.apply(names);
      },
      overdue: new Overdue(0),
      batchEntries: 3,
      log: silent,
    });
    expect(await partition.staged.waiting()).to.deep.equal([`${user.userId}/bad`]);
    for (const key of ['a', 'b', 'c', 'd']) expect((await partition.stored(user, key))?.value).to.equal('1');
  });
});
