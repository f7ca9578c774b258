import { expect } from 'chai';
import { MongoWriteConcernError } from 'mongodb';
import type { Bearer } from '@keybin/shared/engines/mongo/bearer.js';
import { eventually } from '../world/eventually.js';
import { services } from '../world/services.js';
import { Partition } from './partition.js';

describe('applying entries', () => {
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

  it('brings a pending put into MongoDB and leaves nothing of it in Redis', async () => {
    const version = await partition.stage(user, 'a', '{"x":"\\ud800"}');
    await partition.apply(user, 'a');
    const document = { _id: `${user.userId}/a`, value: '{"x":"\\ud800"}', version };
    expect(await partition.stored(user, 'a')).to.deep.equal(document);
    expect(await partition.pendingCount(user)).to.equal(0);
    expect(await partition.staged.waiting()).to.deep.equal([]);
    expect(await partition.staged.bytes()).to.equal(0);
  });

  it('writes a delete as a tombstone with the time of MongoDB', async () => {
    await partition.stage(user, 'a', '1');
    await partition.apply(user, 'a');
    const version = await partition.stage(user, 'a', undefined);
    await partition.apply(user, 'a');
    const document = await partition.stored(user, 'a');
    expect(document).to.have.all.keys('_id', 'version', 'deleted_at').and.to.include({ version });
    expect(document?.deleted_at).to.be.instanceOf(Date);
  });

  it('turns a tombstone into a value again', async () => {
    await partition.stage(user, 'a', undefined);
    await partition.apply(user, 'a');
    const version = await partition.stage(user, 'a', '2');
    await partition.apply(user, 'a');
    expect(await partition.stored(user, 'a')).to.deep.equal({ _id: `${user.userId}/a`, value: '2', version });
  });

  it('leaves an entry that was replaced meanwhile pending, with the age of the new one', async () => {
    await partition.stage(user, 'a', '1');
    let newer: number | undefined;
    const { settle } = partition.steps;
    const overtaken = partition.applier({
      settle: async (settlements) => {
        newer ??= await partition.stage(user, 'a', '2');
        return settle(settlements);
      },
    });
    await overtaken.apply([[user.userId, ['a']]]);
    expect(await partition.staged.pending(user, 'a')).to.deep.equal({ version: newer, json: '2' });
    expect(await partition.waitsSince(user, 'a')).to.equal(newer);
  });

  it('writes values of more than 8 MiB together in several bulk writes', async () => {
    const keys = Array.from({ length: 20 }, (_, i) => `k${i}`);
    const json = JSON.stringify('x'.repeat(1_000_000));
    for (const key of keys) await partition.stage(user, key, json);
    const sizes: number[] = [];
    const { write } = partition.steps;
    const counting = partition.applier({
      write: (entries) => {
        sizes.push(entries.length);
        return write(entries);
      },
    });
    await counting.apply([[user.userId, keys]]);
    expect(sizes).to.deep.equal([9, 9, 2]);
    expect((await partition.stored(user, 'k19'))?.value).to.equal(json);
    expect(await partition.staged.bytes()).to.equal(0);
  });

  it('settles nothing when MongoDB answers a write concern error, and writes again', async () => {
    await partition.stage(user, 'a', '1');
    const { write } = partition.steps;
    let attempts = 0;
    const unsure = partition.applier({
      write: async (entries) => {
        attempts += 1;
        expect(await partition.pendingCount(user)).to.equal(1);
        const written = await write(entries);
        if (attempts > 1) return written;
        throw new MongoWriteConcernError({
          ok: 1,
          writeConcernError: { code: 64, errmsg: 'waiting for replication timed out' },
        });
      },
    });
    await unsure.apply([[user.userId, ['a']]]);
    expect(attempts).to.equal(2);
    expect(await partition.pendingCount(user)).to.equal(0);
  });

  it('reads again when a batch took longer than its greatest age', async () => {
    await partition.stage(user, 'a', '1');
    const { write } = partition.steps;
    let attempts = 0;
    const hanging = partition.applier(
      {
        write: async (entries) => {
          attempts += 1;
          if (attempts > 1) return write(entries);
          await partition.stage(user, 'a', '2');
          return new Promise(() => {});
        },
      },
      100,
    );
    await hanging.apply([[user.userId, ['a']]]);
    expect((await partition.stored(user, 'a'))?.value).to.equal('2');
    expect(await partition.pendingCount(user)).to.equal(0);
  });

  it('does not send what it read too long ago', async () => {
    await partition.stage(user, 'a', '"old"');
    const { read, write } = partition.steps;
    const sent: (string | undefined)[] = [];
    let reads = 0;
    const paused = partition.applier(
      {
        read: async (names) => {
          const found = await read(names);
          reads += 1;
          if (reads > 1) return found;
          await partition.stage(user, 'a', '"new"');
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
    await paused.apply([[user.userId, ['a']]]);
    expect(sent).to.deep.equal(['"new"']);
  });

  it('has nothing to do for a job whose entries were applied already', async () => {
    await partition.stage(user, 'a', '1');
    await partition.apply(user, 'a');
    let writes = 0;
    const idle = partition.applier({
      write: async () => {
        writes += 1;
        return { stored: [], overtaken: [], refused: [] };
      },
    });
    await idle.apply([[user.userId, ['a', 'b']]]);
    expect(writes).to.equal(0);
  });
});
