import { expect } from 'chai';
import { MongoWriteConcernError } from 'mongodb';
import { eventually } from '../../world/eventually.js';
import { freshPartition } from './partition.js';

describe('applying entries', () => {
  const world = freshPartition();

  it('brings a pending put into MongoDB and leaves nothing of it in Redis', async () => {
    const version = await world.partition.stageVersion(world.user, 'a', '{"x":"\\ud800"}');
    await world.partition.apply(world.user, 'a');
    const document = { _id: `${world.user.userId}/a`, value: '{"x":"\\ud800"}', version, epoch: world.partition.epoch };
    expect(await world.partition.stored(world.user, 'a')).to.deep.equal(document);
    expect(await world.partition.pendingCount(world.user)).to.equal(0);
    expect(await world.partition.staged.waiting()).to.deep.equal([]);
    expect(await world.partition.staged.bytes()).to.equal(0);
  });

  it('writes a delete as a tombstone with the time of MongoDB', async () => {
    await world.partition.stage(world.user, 'a', '1');
    await world.partition.apply(world.user, 'a');
    const version = await world.partition.stageVersion(world.user, 'a', undefined);
    await world.partition.apply(world.user, 'a');
    const document = await world.partition.stored(world.user, 'a');
    expect(document).to.have.all.keys('_id', 'epoch', 'version', 'deleted_at').and.to.include({ version });
    expect(document?.deleted_at).to.be.instanceOf(Date);
  });

  it('turns a tombstone into a value again', async () => {
    await world.partition.stage(world.user, 'a', undefined);
    await world.partition.apply(world.user, 'a');
    const version = await world.partition.stageVersion(world.user, 'a', '2');
    await world.partition.apply(world.user, 'a');
    expect(await world.partition.stored(world.user, 'a')).to.deep.equal({
      _id: `${world.user.userId}/a`,
      value: '2',
      version,
      epoch: world.partition.epoch,
    });
  });

  it('leaves an entry that was replaced meanwhile pending, with the age of the new one', async () => {
    await world.partition.stage(world.user, 'a', '1');
    let newer: number | undefined;
    const { settle } = world.partition.steps;
    const overtaken = world.partition.applier({
      settle: async (settlements) => {
        newer ??= await world.partition.stageVersion(world.user, 'a', '2');
        return settle(settlements);
      },
    });
    await overtaken.apply([[world.user.userId, ['a']]]);
    expect(await world.partition.staged.pending(world.user, 'a')).to.deep.include({ version: newer, json: '2' });
    expect(await world.partition.waitsSince(world.user, 'a')).to.equal(newer);
  });

  it('writes values of more than 8 MiB together in several bulk writes', async () => {
    const keys = Array.from({ length: 20 }, (_, i) => `k${i}`);
    const json = JSON.stringify('x'.repeat(1_000_000));
    for (const key of keys) await world.partition.stage(world.user, key, json);
    const sizes: number[] = [];
    const { write } = world.partition.steps;
    const counting = world.partition.applier({
      write: (entries) => {
        sizes.push(entries.length);
        return write(entries);
      },
    });
    await counting.apply([[world.user.userId, keys]]);
    expect(sizes).to.deep.equal([9, 9, 2]);
    expect((await world.partition.stored(world.user, 'k19'))?.value).to.equal(json);
    expect(await world.partition.staged.bytes()).to.equal(0);
  });

  it('rejects only the write with which the whole command fails', async () => {
    const keys = ['a', 'b', 'bad', 'c'];
    for (const key of keys) await world.partition.stage(world.user, key, '1');
    await world.partition.stage(world.user, 'bad', `"${'x'.repeat(17 * 1024 * 1024)}"`);
    const rejected: string[] = [];
    const applier = world.partition.applier({ reject: async ({ key }) => void rejected.push(key) });
    await applier.apply([[world.user.userId, keys]]);
    expect(rejected).to.deep.equal(['bad']);
    for (const key of ['a', 'b', 'c']) expect((await world.partition.stored(world.user, key))?.value).to.equal('1');
  });

  it('settles nothing when MongoDB returns a write concern error, and writes again', async () => {
    await world.partition.stage(world.user, 'a', '1');
    const { write } = world.partition.steps;
    let attempts = 0;
    const unsure = world.partition.applier({
      write: async (entries) => {
        attempts += 1;
        expect(await world.partition.pendingCount(world.user)).to.equal(1);
        const written = await write(entries);
        if (attempts > 1) return written;
        throw new MongoWriteConcernError({
          ok: 1,
          writeConcernError: { code: 64, errmsg: 'waiting for replication timed out' },
        });
      },
    });
    await unsure.apply([[world.user.userId, ['a']]]);
    expect(attempts).to.equal(2);
    expect(await world.partition.pendingCount(world.user)).to.equal(0);
  });

  it('reads again if a batch took longer than its maximum age', async () => {
    await world.partition.stage(world.user, 'a', '1');
    const { read, write } = world.partition.steps;
    let newer: Promise<unknown> | undefined;
    const hanging = world.partition.applier(
      {
        read: async (names) => {
          await newer; // may take longer than that age
          return read(names);
        },
        write: async (entries) => {
          if (newer) return write(entries);
          newer = world.partition.stage(world.user, 'a', '2');
          return new Promise(() => {});
        },
      },
      100,
    );
    await hanging.apply([[world.user.userId, ['a']]]);
    expect((await world.partition.stored(world.user, 'a'))?.value).to.equal('2');
    expect(await world.partition.pendingCount(world.user)).to.equal(0);
  });

  it('does not send what it read too long ago', async () => {
    await world.partition.stage(world.user, 'a', '"old"');
    const { read, write } = world.partition.steps;
    const sent: (string | undefined)[] = [];
    let reads = 0;
    const paused = world.partition.applier(
      {
        read: async (names) => {
          const found = await read(names);
          reads += 1;
          if (reads > 1) return found;
          await world.partition.stage(world.user, 'a', '"new"');
          const begin = performance.now();
          await eventually(() => performance.now() - begin > 150, 'a pause');
          return found;
        },
        write: (entries) => {
          sent.push(...entries.map(({ json }) => json));
          return write(entries);
        },
      },
      150,
    );
    await paused.apply([[world.user.userId, ['a']]]);
    expect(new Set(sent)).to.deep.equal(new Set(['"new"'])); // sent twice if MongoDB took that long to answer
  });

  it('does nothing for a job whose entries were already applied', async () => {
    await world.partition.stage(world.user, 'a', '1');
    await world.partition.apply(world.user, 'a');
    let writes = 0;
    const idle = world.partition.applier({
      write: async () => {
        writes += 1;
        return { stored: [], overtaken: [], rejected: [] };
      },
    });
    await idle.apply([[world.user.userId, ['a', 'b']]]);
    expect(writes).to.equal(0);
  });
});
