import { expect } from 'chai';
import { ScaleOutEntries } from '@keybin/shared/engines/scale-out/entries/entries.js';
import { PendingReads } from '@keybin/shared/engines/scale-out/entries/pending-reads.js';
import { StoredEntries } from '@keybin/shared/engines/scale-out/entries/stored-entries.js';
import { TokenCheckedSteps } from '@keybin/shared/engines/scale-out/entries/token-checked-steps.js';
import { openDatabase, type Database } from '@keybin/shared/engines/scale-out/mongodb/database.js';
import { PendingPosts } from '@keybin/shared/engines/scale-out/posts/pending-posts.js';
import { ScaleOutPosts } from '@keybin/shared/engines/scale-out/posts/posts.js';
import { StoredPosts } from '@keybin/shared/engines/scale-out/posts/stored-posts.js';
import { rejectedKey, waitingKey } from '@keybin/shared/engines/scale-out/redis/keys.js';
import type { Bearer } from '@keybin/shared/engines/scale-out/tokens/bearer.js';
import { applyAll } from '../../world/scale-out/apply-all.js';
import { copyOf, restore } from '../../world/scale-out/older-redis.js';
import { newBearer, Staged } from '../../world/scale-out/staged.js';
import { services } from '../../world/services/services.js';
import { storePlace } from '../../world/services/store-settings.js';
import { patientTimes as times } from '../../world/times.js';
import { allKeys } from '../../world/all-keys.js';

describe('lists while Redis has old copies of entries', () => {
  const given = services();
  let staged: Staged;
  let database: Database;
  let bearer: Bearer;
  let entries: ScaleOutEntries;
  let posts: ScaleOutPosts;

  before(async () => {
    staged = await Staged.open(given.redisUrl);
    database = await openDatabase(storePlace(given));
    const pending = new PendingReads(0, staged.connection);
    entries = entriesOn(pending);
    const steps = stepsOn({ entries: pending, posts: new PendingPosts(0, staged.connection) });
    posts = new ScaleOutPosts(steps, entries, new StoredPosts(database.store));
  });
  after(async () => {
    await database?.close();
    await staged?.close();
  });

  beforeEach(async () => {
    await staged.redis.flushdb();
    bearer = newBearer();
    await staged.giveRecord(bearer);
  });

  const stepsOn = <Reads>(reads: Reads) =>
    new TokenCheckedSteps(
      { resolve: () => bearer, verify: async () => {} },
      [{ commits: staged.commits(), ...reads }],
      times,
    );

  const entriesOn = (pending: Pick<PendingReads, 'read' | 'keys'>) =>
    new ScaleOutEntries(stepsOn({ entries: pending }), new StoredEntries(database));

  /** Runs `before`, copies Redis, applies all, runs `after`, applies all again, and gives Redis the copy. */
  async function comeBackOlder(before: () => Promise<unknown>, after: () => Promise<unknown>): Promise<void> {
    await before();
    const copy = await copyOf(staged.redis);
    await applyAll(given, 1);
    await after();
    await applyAll(given, 1);
    await restore(staged.redis, copy);
    await staged.connection.beginEpochs();
    await staged.giveRecord(bearer);
  }

  const put = (...keys: string[]) => Promise.all(keys.map((key) => entries.put('', key, '1')));

  /** Old copies of three puts and of a delete, two of which MongoDB has newer. */
  async function haveOldEntries(): Promise<void> {
    await put('back');
    await applyAll(given, 1);
    await comeBackOlder(
      async () => {
        await put('a', 'b', 'gone');
        await entries.delete('', 'back');
      },
      async () => {
        await entries.delete('', 'gone');
        await put('back');
      },
    );
  }

  it('show the keys that MongoDB has since', async () => {
    await haveOldEntries();
    expect(await allKeys(entries, '')).to.deep.equal(['a', 'b', 'back']);
  });

  it('would show old copies if these counted as others', async () => {
    await haveOldEntries();
    const pending = new PendingReads(0, staged.connection);
    const trusting = entriesOn({
      read: (...asked) => pending.read(...asked),
      keys: async (...asked) => {
        const listed = await pending.keys(...asked);
        return listed === 'unknown'
          ? listed
          : { ...listed, put: [...listed.put, ...listed.old.map(({ key }) => key)], old: [] };
      },
    });
    expect(await allKeys(trusting, '')).to.include('gone');
  });

  it('show what was written since Redis came back', async () => {
    await haveOldEntries();
    await put('c');
    await entries.delete('', 'a');
    expect(await allKeys(entries, '')).to.deep.equal(['b', 'back', 'c']);
  });

  it('show what MongoDB has instead of an old copy that it rejected', async () => {
    await haveOldEntries();
    await staged.redis.del(waitingKey(staged.prefix));
    await staged.redis.hset(rejectedKey(staged.prefix), `${bearer.userId}/other`, 'of any entry');
    expect(await allKeys(entries, '')).to.deep.equal(['a', 'b', 'back']);
  });

  it('are whole, also if there are more and larger ones than one answer holds', async () => {
    const keys = Array.from({ length: 1_200 }, (_, at) => `key_${String(at).padStart(4, '0')}`);
    const value = JSON.stringify('x'.repeat(8_000));
    await comeBackOlder(
      () => Promise.all(keys.map((key) => entries.put('', key, value))),
      () => Promise.all(keys.slice(0, 300).map((key) => entries.delete('', key))),
    );
    expect(await allKeys(entries, '')).to.deep.equal(keys.slice(300));
  });

  it('show the posts that MongoDB has since, however many are gone', async () => {
    const ids: string[] = [];
    await comeBackOlder(
      async () => {
        for (let at = 0; at < 8; at++) ids.push(await posts.create('', String(at)));
      },
      () => Promise.all(ids.slice(2, 7).map((id) => posts.delete('', id))),
    );
    const listed = await posts.list('', { limit: 2 });
    expect(listed.posts.map(({ id }) => id)).to.deep.equal([ids[7], ids[1]]);
    expect(listed.more).to.equal(true);
    const rest = await posts.list('', { limit: 2, after: ids[1] });
    expect(rest.posts.map(({ json }) => json)).to.deep.equal(['0']);
    expect(rest.more).to.equal(false);
  });
});
