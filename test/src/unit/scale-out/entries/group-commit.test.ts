import { expect } from 'chai';
import { hasCode } from '@keybin/shared/errors.js';
import { clockKey, erasedKey, waitingKey, jobsKey } from '@keybin/shared/engines/scale-out/redis/keys.js';
import type { Bearer } from '@keybin/shared/engines/scale-out/tokens/bearer.js';
import type { Script } from '@keybin/shared/engines/scale-out/redis/scripts.js';
import { services } from '../../../world/services/services.js';
import { changedScript } from '../../../world/scale-out/changed-script.js';
import { Staged, newBearer, put, roomy } from '../../../world/scale-out/staged.js';

/**
 * Erases the account after a check of its token, and makes Redis lose the mark. Returns true if a write is then
 * accepted.
 */
async function erasedBetween(staged: Staged, bearer: Bearer, rule?: Script): Promise<boolean> {
  await staged.forget(bearer);
  return (await staged.commits(roomy, rule).accept(put(bearer, 'k', '1'))) === 'accepted';
}

const remove = (bearer: Bearer, key: string, change = 'D') => ({ ...put(bearer, key, ''), change });

describe('accepting writes', () => {
  const given = services();
  let staged: Staged;
  let bearer: Bearer;

  before(async () => {
    staged = await Staged.open(given.redisUrl);
    await staged.commits().accept(put(newBearer(), 'k', '1')); // Redis now knows the script
  });
  after(() => staged?.close());

  beforeEach(async () => {
    await staged.redis.flushdb();
    bearer = newBearer();
    await staged.giveRecord(bearer);
  });

  it('stores the pending value, its age and its bytes, and adds one job that lists the keys of the group', async () => {
    const commits = staged.commits();
    const answers = await Promise.all([put(bearer, 'a', '"ä"'), put(bearer, 'b', '1')].map((x) => commits.accept(x)));
    expect(answers).to.deep.equal(['accepted', 'accepted']);
    expect(await staged.pending(bearer, 'a')).to.deep.include({ version: (await staged.clock()) - 1, json: '"ä"' });
    expect(await staged.waiting()).to.deep.equal([`${bearer.userId}/a`, `${bearer.userId}/b`]);
    expect(await staged.bytes()).to.equal(1 + 25 + 4 + 1 + 25 + 1);
    expect(await staged.jobs()).to.deep.equal([{ entries: [[bearer.userId, ['a', 'b']]] }]);
  });

  it('accepts nothing in a Redis that has lost its epoch, until a process begins another one', async () => {
    await staged.redis.flushdb();
    const refused = await staged
      .commits()
      .accept(put(bearer, 'k', '1'))
      .catch((error: unknown) => error);
    expect(hasCode(refused, 'unavailable')).to.equal(true);
    expect(await staged.waiting()).to.deep.equal([]);
    await staged.giveRecord(bearer);
    expect(await staged.commits().accept(put(bearer, 'k', '1'))).to.equal('accepted');
  });

  it('makes the last of several writes to one key win, within a group and across groups', async () => {
    const commits = staged.commits();
    await Promise.all(['1', '22', '333'].map((json) => commits.accept(put(bearer, 'k', json))));
    expect((await staged.pending(bearer, 'k'))?.json).to.equal('333');
    await commits.accept(put(bearer, 'k', '4'));
    expect((await staged.pending(bearer, 'k'))?.json).to.equal('4');
    expect(await staged.bytes()).to.equal(1 + 25 + 1);
    expect(await staged.jobs()).to.deep.include.ordered.members([{ entries: [[bearer.userId, ['k']]] }]);
  });

  it('keeps versions increasing when the clock of Redis is behind the last one', async () => {
    const ahead = staged.connection.timeUs + 3_600_000_000;
    await staged.redis.set(clockKey(staged.prefix), ahead);
    const commits = staged.commits();
    for (const version of [ahead + 1, ahead + 2]) {
      await commits.accept(put(bearer, 'k', '1'));
      expect((await staged.pending(bearer, 'k'))?.version).to.equal(version);
    }
  });

  it('decides each write by what the earlier ones of its group have written', async () => {
    const commits = staged.commits();
    const group = [put(bearer, 'k', '"long enough"'), remove(bearer, 'k'), remove(bearer, 'k'), put(bearer, 'k', '1')];
    const post = { ...put(bearer, '~00000000000010000000', ''), change: 'N2' };
    const writes = [...group, remove(bearer, 'k'), post, post, { ...put(newBearer(), 'k', '3') }];
    const answers = await Promise.all(writes.map((write) => commits.accept(write)));
    const of = ['accepted', 'accepted', 'absent', 'accepted', 'accepted', 'accepted', 'taken', 'unknown'];
    expect(answers).to.deep.equal(of);
    expect((await staged.pending(bearer, 'k'))?.json).to.equal(undefined);
    expect(await staged.bytes()).to.equal(1 + 25 + post.key.length + 25 + 1);
    expect(await staged.waiting()).to.have.members([`${bearer.userId}/k`, `${bearer.userId}/${post.key}`]);
  });

  it('records since when an entry is pending, not when it was last written', async () => {
    const commits = staged.commits();
    await commits.accept(put(bearer, 'k', '1'));
    const first = await staged.pending(bearer, 'k');
    await commits.accept(put(bearer, 'k', '2'));
    const score = await staged.redis.zscore(waitingKey(staged.prefix), `${bearer.userId}/k`);
    expect(Number(score)).to.equal(first?.version);
  });

  it('refuses a write whose deadline is too near, and takes no time from others of its group', async () => {
    const commits = staged.commits();
    const hurried = { ...put(bearer, 'a', '1'), deadlineMs: performance.now() + 200 };
    await staged.redis.client('PAUSE', 400);
    const [first, second] = await Promise.allSettled([commits.accept(hurried), commits.accept(put(bearer, 'b', '2'))]);
    expect([first.status, second.status]).to.deep.equal(['rejected', 'fulfilled']);
    expect(await staged.waiting()).to.deep.equal([`${bearer.userId}/b`]);
  });

  it('ends a group at 1,000 entries', async () => {
    const commits = staged.commits();
    await Promise.all(Array.from({ length: 3_000 }, (_, i) => commits.accept(put(bearer, `k${i}`, '1'))));
    const jobs = (await staged.jobs()) as { entries: [[string, string[]]] }[];
    const sizes = jobs.map(({ entries }) => entries[0][1].length);
    expect(Math.max(...sizes)).to.be.within(900, 1_000);
  });

  it('ends a group at 4 MiB', async () => {
    const commits = staged.commits();
    const json = `"${'x'.repeat(1_500_000)}"`;
    await Promise.all(['a', 'b', 'c', 'd'].map((key) => commits.accept(put(bearer, key, json))));
    expect(await staged.jobs()).to.have.length(2);
  });

  describe('with the token in the same step', () => {
    it('accepts nothing for an account that was erased after its token was looked at', async () => {
      expect(await erasedBetween(staged, bearer)).to.equal(false);
      expect(await staged.waiting()).to.deep.equal([]);
    });

    it('would accept it if the check were a separate step before', async () => {
      expect(
        await erasedBetween(
          staged,
          bearer,
          changedScript('entries/accept', "if tokenStates[token] ~= 'live' then return tokenStates[token] end"),
        ),
      ).to.equal(true);
    });

    it('refuses the token of another login and an expired one, and reports when it cannot decide', async () => {
      const commits = staged.commits();
      const other = { ...bearer, tokenHash: newBearer().tokenHash };
      expect(await commits.accept(put(other, 'k', '1'))).to.equal('refused');
      await staged.giveRecord(bearer, -1);
      expect(await commits.accept(put(bearer, 'k', '1'))).to.equal('expired');
      expect(await commits.accept(put(other, 'k', '1'))).to.equal('refused');
      expect(await commits.accept(put(newBearer(), 'k', '1'))).to.equal('unknown');
    });

    it('accepts nothing for a marked account', async () => {
      await staged.redis.set(erasedKey(staged.prefix, bearer.userId), 'short');
      expect(await staged.commits().accept(put(bearer, 'k', '1'))).to.equal('marked');
      expect(await staged.waiting()).to.deep.equal([]);
    });

    it('decides each write of a group separately', async () => {
      const commits = staged.commits();
      const stranger = newBearer();
      const writes = [put(bearer, 'a', '1'), put(stranger, 'a', '1'), put(bearer, 'b', '1')];
      const answers = await Promise.all(writes.map((write) => commits.accept(write)));
      expect(answers).to.deep.equal(['accepted', 'unknown', 'accepted']);
    });
  });

  describe('deletes', () => {
    it('replaces a pending value with a delete, and then has nothing to delete', async () => {
      const commits = staged.commits();
      await commits.accept(put(bearer, 'k', '"long enough"'));
      expect(await commits.accept(remove(bearer, 'k'))).to.equal('accepted');
      expect((await staged.pending(bearer, 'k'))?.json).to.equal(undefined);
      expect(await commits.accept(remove(bearer, 'k'))).to.equal('absent');
      expect(await commits.accept(remove(bearer, 'k', `F${'0'.repeat(24)}`))).to.equal('absent');
      expect(await staged.bytes()).to.equal(1 + 25);
    });

    it('asks for a look-up in MongoDB if nothing is pending, and accepts the delete afterwards', async () => {
      const commits = staged.commits();
      const answer = await commits.accept(remove(bearer, 'k'));
      if (typeof answer !== 'object') throw new Error(`The delete was answered ${answer}`);
      expect(answer.state).to.match(/^\d{24}$/);
      expect(await staged.waiting()).to.deep.equal([]);
      expect(await commits.accept(remove(bearer, 'k', `F${answer.state}`))).to.equal('accepted');
      expect((await staged.pending(bearer, 'k'))?.json).to.equal(undefined);
    });
  });

  describe('within limits', () => {
    it('accepts no write above the limit of pending bytes, but a smaller one', async () => {
      const commits = staged.commits({ ...roomy, maxEntryBytes: 60 });
      await commits.accept(put(bearer, 'a', '1'));
      const [clock, bytes] = [await staged.clock(), await staged.bytes()];
      expect(await commits.accept(put(bearer, 'b', `"${'x'.repeat(40)}"`))).to.equal('full');
      expect([await staged.clock(), await staged.bytes(), await staged.waiting()]).to.deep.equal([
        clock,
        bytes,
        [`${bearer.userId}/a`],
      ]);
      expect(await commits.accept(put(bearer, 'b', '2'))).to.equal('accepted');
    });

    it('accepts no entry above the limit, but a new value of a pending one', async () => {
      const commits = staged.commits({ ...roomy, maxBacklog: 2 });
      const answers = await Promise.all(['a', 'b', 'c', 'a'].map((key) => commits.accept(put(bearer, key, '1'))));
      expect(answers).to.deep.equal(['accepted', 'accepted', 'full', 'accepted']);
    });

    it('adds no jobs for writes that are refused repeatedly, and one for the next accepted write', async () => {
      const commits = staged.commits({ ...roomy, maxBacklog: 1 });
      await commits.accept(put(bearer, 'a', '1'));
      for (let count = 0; count < 5; count++) {
        expect(await commits.accept(put(bearer, 'b', '1'))).to.equal('full');
      }
      expect(await staged.jobs()).to.have.length.below(3);
      await staged.redis.del(staged.queue.waitKey);
      expect(await commits.accept(put(bearer, 'a', '2'))).to.equal('accepted');
      expect(await staged.jobs()).to.deep.equal([{ entries: [[bearer.userId, ['a']]] }]);
    });

    it('goes on without jobs while those that wait take up their room', async () => {
      const maxJobBytes = 4_000;
      const commits = staged.commits({ ...roomy, maxJobBytes });
      for (let count = 0; count < 100; count++)
        expect(await commits.accept(put(bearer, 'hot', String(count)))).to.equal('accepted');
      // A job takes 700 bytes or more
      expect(await staged.jobs()).to.have.length.within(Math.floor(maxJobBytes / 800), Math.ceil(maxJobBytes / 700));
      expect(await staged.waiting()).to.deep.equal([`${bearer.userId}/hot`]);

      await staged.redis.del(staged.queue.waitKey); // a worker has taken them
      expect(await commits.accept(put(bearer, 'found by the sweeper', '1'))).to.equal('accepted');
      expect(await staged.jobs()).to.deep.equal([]);
      expect(await commits.accept(put(bearer, 'next', '1'))).to.equal('accepted');
      expect(await staged.jobs()).to.deep.equal([{ entries: [[bearer.userId, ['next']]] }]);
    });

    it('takes it that jobs which were taken had the average size', async () => {
      const commits = staged.commits({ ...roomy, maxJobBytes: 4_000 });
      const many = (count: number) =>
        Promise.all(Array.from({ length: count }, (_, n) => commits.accept(put(bearer, `key${n}`, '1'))));
      await many(1);
      await many(200); // a job of about 3 KB
      await staged.redis.lpop(staged.queue.waitKey);
      await many(1);
      await many(1);
      expect(await staged.redis.get(jobsKey(staged.prefix))).to.match(/^3 \d{4}$/);
      expect(await staged.jobs()).to.have.lengthOf(3);
    });
  });
});
