import { once } from 'node:events';
import { expect } from 'chai';
import type { Bearer } from '@keybin/shared/engines/scale-out/tokens/bearer.js';
import { PendingReads, type PendingPosition } from '@keybin/shared/engines/scale-out/entries/pending-reads.js';
import { codeOf } from '../../embedded/store.js';
import { eventually } from '../../../world/eventually.js';
import { services } from '../../../world/services/services.js';
import { HoldingProxy } from '../../../world/scale-out/holding-proxy.js';
import { Staged, newBearer, put } from '../../../world/scale-out/staged.js';

type Read = PendingReads['read'];

/** Removes the rule: a read joins a read of the same key that is in flight. */
function joining(read: Read): Read {
  const inFlight = new Map<string, ReturnType<Read>>();
  return (bearer, key, verified) => {
    const joined = inFlight.get(key) ?? read(bearer, key, verified).finally(() => inFlight.delete(key));
    inFlight.set(key, joined);
    return joined;
  };
}

/**
 * Returns the result of a read that began after a write was acknowledged. The answer of an older read is still in
 * flight.
 */
async function readAfterWrite(proxy: HoldingProxy, staged: Staged, bearer: Bearer, read: Read): Promise<unknown> {
  await read(bearer, 'k', false); // Redis knows the script
  proxy.hold();
  const older = read(bearer, 'k', false);
  await eventually(() => proxy.held > 0, 'the answer to the older read');
  await staged.commits().accept(put(bearer, 'k', '1'));
  const newer = read(bearer, 'k', false);
  proxy.release();
  await older;
  const answer = await newer;
  return typeof answer === 'object' ? answer.json : answer;
}

async function reconnected({ redis, connection }: Staged): Promise<void> {
  const broke = once(redis, 'close');
  redis.disconnect(true);
  await broke;
  await connection.ready(5_000);
}

describe('reading pending entries', () => {
  const given = services();
  let proxy: HoldingProxy;
  let staged: Staged;
  let slow: Staged;
  let reads: PendingReads;
  let bearer: Bearer;

  before(async () => {
    proxy = await HoldingProxy.open(given.redisUrl);
    staged = await Staged.open(given.redisUrl);
    slow = await Staged.open(proxy.url);
    reads = new PendingReads(0, slow.connection);
  });
  after(async () => {
    await slow?.close();
    await staged?.close();
    proxy?.close();
  });

  beforeEach(async () => {
    await staged.redis.flushdb();
    bearer = newBearer();
    await staged.giveRecord(bearer);
  });

  it('returns put, deleted and absent entries, each with its token', async () => {
    const commits = staged.commits();
    await commits.accept(put(bearer, 'a', '"ä\\ud800"'));
    await commits.accept(put(bearer, 'b', '1'));
    await commits.accept({ ...put(bearer, 'b', ''), change: 'D' });
    const answers = await Promise.all(['a', 'b', 'c'].map((key) => reads.read(bearer, key, false)));
    const json = answers.map((answer) => (typeof answer === 'object' ? (answer.json ?? 'deleted') : answer));
    expect(json).to.deep.equal(['"ä\\ud800"', 'deleted', 'none']);
  });

  it('refuses another or an expired token, each with its code, and reports when it cannot decide', async () => {
    const other = { ...bearer, tokenHash: newBearer().tokenHash };
    const refusals = async (asked: Bearer) => [
      await codeOf(reads.read(asked, 'k', false)),
      await codeOf(reads.keys(asked, false)),
    ];
    expect(await refusals(other)).to.deep.equal(['invalid_token', 'invalid_token']);
    await staged.giveRecord(bearer, -1);
    expect(await refusals(bearer)).to.deep.equal(['expired_token', 'expired_token']);
    expect(await refusals(other)).to.deep.equal(['invalid_token', 'invalid_token']);
    expect(await reads.read(newBearer(), 'k', false)).to.equal('unknown');
    expect(await reads.read(newBearer(), 'k', true)).to.equal('none');
  });

  it('returns more and larger values than fit into one answer', async () => {
    const commits = staged.commits();
    const json = JSON.stringify('x'.repeat(900_000));
    const keys = Array.from({ length: 1_200 }, (_, i) => (i < 12 ? `large${i}` : `absent${i}`));
    await Promise.all(keys.slice(0, 12).map((key) => commits.accept(put(bearer, key, json))));
    const answers = await Promise.all(keys.map((key) => reads.read(bearer, key, false)));
    expect(answers.filter((answer) => typeof answer === 'object' && answer.json === json)).to.have.length(12);
    expect(answers.filter((answer) => answer === 'none')).to.have.length(1_188);
  });

  it('lists keys including deleted ones, without values and without posts', async () => {
    const commits = staged.commits();
    await Promise.all(['b', 'a', 'c'].map((key) => commits.accept(put(bearer, key, '1'))));
    await commits.accept({ ...put(bearer, 'c', ''), change: 'D' });
    await staged.redis.hset(`${staged.prefix}:pending:${bearer.userId}`, '~post', `${'0'.repeat(16)}P1`);
    const listed = await reads.keys(bearer, false);
    if (listed === 'unknown') throw new Error('the token has a record');
    expect([...listed.put].sort()).to.deep.equal(['a', 'b']);
    expect(listed).to.deep.include({ deleted: ['c'], old: [] });
  });

  /** Lists all pending keys in steps, and calls `between` after the first one. */
  async function listInSteps(between: () => Promise<unknown>): Promise<string[]> {
    const keys: string[] = [];
    let from: PendingPosition | undefined;
    do {
      const some = await reads.keys(bearer, false, from);
      if (some === 'unknown') throw new Error('the token has a record');
      if (from === undefined) await between();
      keys.push(...some.put);
      from = some.next;
    } while (from);
    return keys;
  }

  it('lists every key that is pending throughout, however many come and go meanwhile', async () => {
    const commits = staged.commits();
    const accept = (keys: readonly string[]) => Promise.all(keys.map((key) => commits.accept(put(bearer, key, '1'))));
    const keys = Array.from({ length: 3_000 }, (_, index) => `k${index}`);
    await accept(keys);
    const gone = keys.slice(0, 1_000);
    const listed = await listInSteps(async () => {
      await staged.redis.hdel(`${staged.prefix}:pending:${bearer.userId}`, ...gone);
      await accept(Array.from({ length: 9_000 }, (_, index) => `new${index}`));
    });
    expect(listed).to.include.members(keys.slice(1_000));
  });

  it('does not go on with a list on another connection', async () => {
    const commits = staged.commits();
    const keys = Array.from({ length: 3_000 }, (_, index) => `k${index}`);
    await Promise.all(keys.map((key) => commits.accept(put(bearer, key, '1'))));
    expect(await codeOf(listInSteps(() => reconnected(slow)))).to.equal('unavailable');
  });

  describe('sent before a write was acknowledged', () => {
    it('is not shared with a read that comes after that acknowledgement', async () => {
      expect(await readAfterWrite(proxy, staged, bearer, (...args) => reads.read(...args))).to.equal('1');
    });

    it('would hide the write if it were shared', async () => {
      expect(
        await readAfterWrite(
          proxy,
          staged,
          bearer,
          joining((...args) => reads.read(...args)),
        ),
      ).to.equal('none');
    });
  });
});
