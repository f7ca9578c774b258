import { expect } from 'chai';
import { hasCode } from '@keybin/shared/errors.js';
import type { Write } from '@keybin/shared/engines/scale-out/entries/accept-command.js';
import type { Bearer } from '@keybin/shared/engines/scale-out/tokens/bearer.js';
import { pendingKey } from '@keybin/shared/engines/scale-out/redis/keys.js';
import { loadScript, type Script } from '@keybin/shared/engines/scale-out/redis/scripts.js';
import { longestAnswerMs } from '../../world/answer-time.js';
import { eventually } from '../../world/eventually.js';
import { startRedis, type RedisServer } from '../../world/services/redis-server.js';
import { ownServers } from '../../world/services/services.js';
import { changedScript } from '../../world/scale-out/changed-script.js';
import { HoldingProxy } from '../../world/scale-out/holding-proxy.js';
import { Staged, newBearer, put, roomy } from '../../world/scale-out/staged.js';

const codeOf = async (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    (error: unknown) => (hasCode(error, 'unavailable') ? 'unavailable' : String(error)),
  );

/**
 * Stops Redis until the writes are answered 503. Returns the pending writes once Redis has processed what it received.
 */
async function stagedAfterHang(server: RedisServer, staged: Staged, bearer: Bearer, rule?: Script): Promise<string[]> {
  const commits = staged.commits(roomy, rule);
  const began = performance.now();
  await server.kill('SIGSTOP');
  try {
    const first = codeOf(commits.accept(put(bearer, 'a', '1')));
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    const next = codeOf(commits.accept(put(bearer, 'b', '1')));
    expect([await first, await next]).to.deep.equal(['unavailable', 'unavailable']);
    expect(performance.now() - began).to.be.below(longestAnswerMs);
    await eventually(() => performance.now() - began > 1_900, 'the end of every deadline');
  } finally {
    await server.kill('SIGCONT');
  }
  await eventually(() => staged.connection.client.ping(), 'Redis');
  return staged.waiting();
}

describe('accepting writes when something goes wrong', () => {
  ownServers('redis-server');
  let server: RedisServer;
  let staged: Staged;
  let bearer: Bearer;

  before(async () => {
    server = await startRedis();
    staged = await Staged.open(server.url);
  });
  after(async () => {
    await staged?.close();
    await server?.stop();
  });

  beforeEach(async () => {
    await eventually(() => staged.connection.client.ping(), 'Redis');
    await staged.redis.flushall();
    bearer = newBearer();
    await staged.giveRecord(bearer);
    await staged.commits().accept(put(newBearer(), 'k', '1')); // loads the scripts into Redis
    await staged.redis.del(staged.queue.waitKey);
  });

  it('continues after SCRIPT FLUSH on the same connection, each entry with its job', async () => {
    const commits = staged.commits();
    for (const json of ['1', '2', '3']) {
      await staged.redis.script('FLUSH');
      expect(await commits.accept(put(bearer, 'k', json))).to.equal('accepted');
      expect((await staged.pending(bearer, 'k'))?.json).to.equal(json);
    }
    const before = (await staged.jobs()).length;
    await commits.accept(put(bearer, 'k', '4'));
    expect((await staged.jobs()).length).to.equal(before + 1);
  });

  it('adds only the job again when only the job failed', async () => {
    const commits = staged.commits();
    await staged.redis.script('FLUSH');
    await staged.redis.script('LOAD', loadScript('entries/accept').lua);
    expect(await commits.accept(put(bearer, 'k', '1'))).to.equal('accepted');
    expect((await staged.pending(bearer, 'k'))?.version).to.equal(await staged.clock());
    expect(await staged.jobs()).to.deep.equal([{ entries: [[bearer.userId, ['k']]] }]);
  });

  it('accepts nothing while Redis has no memory left, and resumes when it has', async () => {
    const commits = staged.commits();
    await staged.redis.config('SET', 'maxmemory', '1');
    try {
      expect(await codeOf(commits.accept(put(bearer, 'k', '1')))).to.equal('unavailable');
    } finally {
      await staged.redis.config('SET', 'maxmemory', '0');
    }
    expect(await staged.waiting()).to.deep.equal([]);
    expect(await staged.clock()).to.equal(0);
    expect(await commits.accept(put(bearer, 'k', '1'))).to.equal('accepted');
  });

  it('returns unavailable at once while Redis is down, and resumes when it is up again', async () => {
    const commits = staged.commits();
    await server.kill('SIGKILL');
    await eventually(() => staged.redis.status !== 'ready', 'the end of the connection');
    expect(await codeOf(commits.accept(put(bearer, 'k', '1')))).to.equal('unavailable');
    await server.start();
    await eventually(() => staged.connection.client.ping(), 'Redis');
    expect(await commits.accept(put(bearer, 'k', '1'))).to.equal('unknown'); // no record survives a restart
    await staged.giveRecord(bearer);
    expect(await commits.accept(put(bearer, 'k', '1'))).to.equal('accepted');
  });

  it('answers a write in time that comes late in its request, although it waits for the commit of newer ones', async () => {
    const commits = staged.commits();
    const answered: string[] = [];
    const note = async (name: string, write: Write) => answered.push(`${name}: ${await codeOf(commits.accept(write))}`);
    await server.kill('SIGSTOP');
    try {
      const fresh = note('fresh', put(bearer, 'a', '1'));
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve))); // its commit is in flight
      const late = note('late', { ...put(bearer, 'b', '1'), deadlineMs: performance.now() + 600 });
      await Promise.all([fresh, late]);
    } finally {
      await server.kill('SIGCONT');
    }
    expect(answered).to.deep.equal(['late: unavailable', 'fresh: unavailable']);
  });

  it('sends a write once, even if the connection breaks before its answer', async () => {
    const proxy = await HoldingProxy.open(server.url);
    const cut = await Staged.open(proxy.url);
    proxy.hold();
    const answer = codeOf(cut.commits().accept(put(bearer, 'k', '1')));
    await eventually(async () => (await staged.pending(bearer, 'k')) !== undefined, 'the write');
    await staged.redis.del(pendingKey(staged.prefix, bearer.userId)); // as a worker does that has applied it
    proxy.breakOff();
    expect(await answer).to.equal('unavailable');
    await eventually(() => cut.connection.client.ping(), 'Redis');
    expect(await staged.pending(bearer, 'k')).to.equal(undefined);
    await cut.close();
    proxy.close();
  });

  describe('with a deadline in the time of Redis', () => {
    it('accepts nothing of a commit that reaches Redis after its writes timed out', async () => {
      expect(await stagedAfterHang(server, staged, bearer)).to.deep.equal([]);
    });

    it('would accept it without a deadline', async () => {
      const lax = changedScript('entries/accept', 'if now > tonumber(ARGV[1]) then return {nowText} end');
      await staged.redis.script('LOAD', lax.lua);
      expect(await stagedAfterHang(server, staged, bearer, lax)).to.include(`${bearer.userId}/a`);
    });

    it('learns the time of Redis from a late answer, so that the next attempt is in time', async () => {
      const commits = staged.commits();
      staged.connection.observeTime(staged.connection.timeUs - 60_000_000);
      expect(await commits.accept(put(bearer, 'k', '1'))).to.equal('late');
      expect(await commits.accept(put(bearer, 'k', '1'))).to.equal('accepted');
    });
  });
});
