import { expect } from 'chai';
import type { Bearer } from '@keybin/shared/engines/scale-out/tokens/bearer.js';
import { deadlineIn } from '@keybin/shared/deadline.js';
import { TokenCheckedSteps } from '@keybin/shared/engines/scale-out/entries/token-checked-steps.js';
import { openDatabase, type Database } from '@keybin/shared/engines/scale-out/mongodb/database.js';
import { ScaleOutEntries } from '@keybin/shared/engines/scale-out/entries/entries.js';
import { PendingPosts } from '@keybin/shared/engines/scale-out/posts/pending-posts.js';
import { postKey } from '@keybin/shared/engines/scale-out/redis/keys.js';
import { ScaleOutPosts } from '@keybin/shared/engines/scale-out/posts/posts.js';
import { PendingReads } from '@keybin/shared/engines/scale-out/entries/pending-reads.js';
import { StoredEntries } from '@keybin/shared/engines/scale-out/entries/stored-entries.js';
import { StoredPosts } from '@keybin/shared/engines/scale-out/posts/stored-posts.js';
import { newPostId, postTimeUs } from '@keybin/shared/ids/post-id.js';
import type { Post, PostPage } from '@keybin/shared/ports/engine.js';
import { applyAll } from '../../world/scale-out/apply-all.js';
import { newBearer, roomy, Staged } from '../../world/scale-out/staged.js';
import { services } from '../../world/services/services.js';
import { storePlace } from '../../world/services/store-settings.js';
import { patientTimes as times } from '../../world/times.js';

interface Steps {
  readonly pending: Pick<PendingPosts, 'list' | 'versionToCome'>;
  readonly stored: Pick<StoredPosts, 'before'>;
}

/** Removes the rule: reads MongoDB in the step before the pending posts. */
function mongoFirst({ pending, stored }: Steps): Steps {
  const found: Post[] = [];
  return {
    pending: {
      list: async (bearer, range, verified) => {
        const asked = { after: range.after, pageSize: range.limit };
        for await (const post of stored.before(bearer.userId, asked, deadlineIn(times.answerMs))) found.push(post);
        return pending.list(bearer, range, verified);
      },
      versionToCome: () => pending.versionToCome(),
    },
    stored: {
      async *before() {
        yield* found;
      },
    },
  };
}

const idsOf = ({ posts }: PostPage) => posts.map(({ id }) => id);

describe('the rules of posts in Redis and MongoDB', () => {
  const given = services();
  let staged: Staged;
  let database: Database;
  let pending: PendingPosts;
  let stored: StoredPosts;
  let bearer: Bearer;

  before(async () => {
    staged = await Staged.open(given.redisUrl);
    database = await openDatabase(storePlace(given));
    pending = new PendingPosts(0, staged.connection);
    stored = new StoredPosts(database.store);
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

  const accept = (key: string, change: string) =>
    staged.commits(roomy).accept({ bearer, key, change, deadlineMs: performance.now() + 1_800 });

  function postsOf(steps: Steps): ScaleOutPosts {
    const bearers = { resolve: () => bearer, verify: async () => {} };
    const partition = {
      commits: staged.commits(),
      entries: new PendingReads(0, staged.connection),
      posts: steps.pending,
    };
    const checked = new TokenCheckedSteps(bearers, [partition], times);
    const entries = new ScaleOutEntries(checked, new StoredEntries(database));
    return new ScaleOutPosts(checked, entries, steps.stored);
  }

  it('a post never takes the place of one that has the same id', async () => {
    const key = postKey(newPostId(staged.connection.timeUs, bearer.userId));
    expect(await accept(key, 'N"first"')).to.equal('accepted');
    expect(await accept(key, 'N"second"')).to.equal('taken');
    expect((await staged.pending(bearer, key))?.json).to.equal('"first"');
    expect(await accept(key, 'D')).to.equal('accepted');
    expect(await accept(key, 'N"third"')).to.equal('taken');
  });

  it('versions stay above the id of a post, even if Redis was set back after the id was read', async () => {
    const anHourAheadUs = Math.floor(staged.connection.timeUs) + 3_600_000_000;
    const key = postKey(newPostId(anHourAheadUs, bearer.userId));
    expect(await accept(key, 'N1')).to.equal('accepted');
    const version = (await staged.pending(bearer, key))?.version ?? NaN;
    expect(version).to.be.above(anHourAheadUs);
    expect(await pending.versionToCome()).to.be.above(version);
    expect(postTimeUs(await postsOf({ pending, stored }).create('', '2'))).to.be.above(anHourAheadUs);
  });

  it('an id is read again if it is taken', async () => {
    const version = await pending.versionToCome();
    const posted = 2_000; // of about 65,000 IDs of one time
    let asked = 0;
    const posts = postsOf({
      stored,
      pending: {
        list: (...args) => pending.list(...args),
        versionToCome: async () => (asked++ < posted ? version : pending.versionToCome()),
      },
    });
    const created = await Promise.all(Array.from({ length: posted }, (_, at) => posts.create('', String(at))));
    expect(new Set(created).size).to.equal(posted);
    expect(asked).to.be.above(posted);
    expect(await staged.waiting()).to.have.length(posted);
  });

  const work = () => applyAll(given, 1);

  /** Creates and lists two posts, while a worker applies everything after each step of the list. Returns their IDs. */
  async function listWhileApplied(order: (steps: Steps) => Steps): Promise<{ created: string[]; listed: string[] }> {
    const posts = postsOf({ pending, stored });
    const created = [await posts.create('', '1'), await posts.create('', '2')];
    const worked: Steps = {
      pending: {
        list: async (...args) => pending.list(...args).finally(work),
        versionToCome: () => pending.versionToCome(),
      },
      stored: {
        async *before(...args) {
          yield* stored.before(...args);
          await work();
        },
      },
    };
    return { created, listed: idsOf(await postsOf(order(worked)).list('', { limit: 20 })) };
  }

  it('a list that is overtaken by a worker misses no post', async () => {
    const { created, listed } = await listWhileApplied((steps) => steps);
    expect(listed).to.deep.equal(created.toReversed());
  });

  it('a list that read MongoDB first would miss posts', async () => {
    expect((await listWhileApplied(mongoFirst)).listed).to.deep.equal([]);
  });

  it('posts that are deleted but not yet in MongoDB are passed over, however many', async () => {
    const posts = postsOf({ pending, stored });
    const ids: string[] = [];
    for (let at = 0; at < 30; at++) ids.push(await posts.create('', String(at)));
    await applyAll(given, 1);
    for (const id of ids.slice(5)) await posts.delete('', id);
    expect(idsOf(await posts.list('', { limit: 3 }))).to.deep.equal([ids[4], ids[3], ids[2]]);
    expect(await posts.list('', { limit: 5 })).to.include({ more: false });
  });
});
