import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { afterAllPosts, isPostId, isPostIdOf, newPostId, postTimeUs } from '@keybin/shared/ids/post-id.js';

const nowUs = 1_790_000_000_123_456;

describe('the id of a post', () => {
  const userId = randomUUID();

  it('is 24 hex digits that begin with its time', () => {
    const id = newPostId(nowUs, userId);
    expect(id).to.match(/^[0-9a-f]{24}$/);
    expect(postTimeUs(id)).to.equal(nowUs);
    expect(isPostId(id)).to.equal(true);
  });

  it('sorts as text by its time', () => {
    const times = [1, 2, nowUs, nowUs + 1, nowUs + 2 ** 40, 2 ** 52 - 1];
    const ids = times.map((timeUs) => newPostId(timeUs, userId));
    expect([...ids].sort()).to.deep.equal(ids);
    expect(ids.every((id) => id < afterAllPosts)).to.equal(true);
  });

  it('differs from others of the same time', () => {
    expect(new Set(Array.from({ length: 20 }, () => newPostId(nowUs, userId))).size).to.be.above(15);
  });

  it('differs from those of other accounts, except for one in 65,536', () => {
    const ids = Array.from({ length: 200 }, () => newPostId(nowUs, userId));
    expect(ids.every((id) => isPostIdOf(id, userId))).to.equal(true);
    expect(ids.filter((id) => isPostIdOf(id, randomUUID())).length).to.be.below(3);
  });

  it('differs from ids that Keybin never created', () => {
    const id = newPostId(nowUs, userId);
    const other = id.endsWith('0') ? '1' : '0';
    const never = ['', 'a', '0'.repeat(24), 'f'.repeat(24), id.toUpperCase() + 'g', `${id}\n`, id.slice(0, 23) + other];
    for (const text of never) expect(isPostId(text), text).to.equal(false);
  });
});
