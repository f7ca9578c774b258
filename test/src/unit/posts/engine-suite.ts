import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { newPostId } from '@keybin/shared/ids/post-id.js';
import type { Account, Engine, Posts } from '@keybin/shared/ports/engine.js';
import { codeOf } from '../embedded/store.js';
import { allPages } from './all-pages.js';
import { allKeys } from '../../world/all-keys.js';

/** The engines that a suite of posts tests. The members work once the suite's `before` hooks have run. */
export interface PostsSubject {
  /** Engines on the same data. They may be the same engine. */
  readonly here: Engine;
  readonly there: Engine;
  /** Resolves when every acknowledged write has reached its final place. */
  settle(): Promise<void>;
}

export interface Author {
  readonly account: Account;
  readonly token: string;
}

/** Creates an account with a live token. */
export async function newAuthor({ accounts, tokens }: Engine): Promise<Author> {
  const account = await accounts.create(randomUUID(), '$2b$04$hash');
  const token = randomUUID();
  await tokens.issue({ userId: account.userId, clientId: 'default', token, lifetimeSeconds: 600 });
  return { account, token };
}

const codesOf = async (posts: Posts, id: string, token: string) => [
  await codeOf(posts.get(token, id)),
  await codeOf(posts.delete(token, id)),
];

export function postsSuite(subject: PostsSubject): void {
  let token: string;
  let account: Account;

  beforeEach('an author', async () => {
    ({ token, account } = await newAuthor(subject.here));
  });

  for (const [place, settle] of [
    ['pending', async () => {}],
    ['settled', () => subject.settle()],
  ] as const) {
    it(`are read, listed and deleted through another process while ${place}`, async () => {
      const { here, there } = subject;
      const { userId } = account;
      const first = await here.posts.create(token, '"first"');
      const second = await there.posts.create(token, '"second"');
      await settle();
      expect(await there.posts.get(token, first)).to.deep.equal({ id: first, userId, json: '"first"' });
      const both = [
        { id: second, userId, json: '"second"' },
        { id: first, userId, json: '"first"' },
      ];
      expect(await allPages(here.posts, token, 20)).to.deep.equal(both);
      await there.posts.delete(token, second);
      await settle();
      expect(await codeOf(here.posts.get(token, second))).to.equal('post_not_found');
      expect(await codeOf(here.posts.delete(token, second))).to.equal('post_not_found');
      expect(await allPages(here.posts, token, 20)).to.deep.equal([both[1]]);
    });
  }

  it('are in the order in which they were acknowledged', async () => {
    const ids: string[] = [];
    for (let at = 0; at < 30; at++) {
      ids.push(await (at % 2 ? subject.here : subject.there).posts.create(token, String(at)));
      if (at % 10 === 5) await subject.settle();
    }
    const listed = await allPages(subject.here.posts, token, 7);
    expect(listed.map(({ id }) => id)).to.deep.equal(ids.toReversed());
  });

  it('that are created concurrently all exist, each once', async () => {
    const created = await Promise.all(
      Array.from({ length: 300 }, (_, at) => (at % 2 ? subject.here : subject.there).posts.create(token, String(at))),
    );
    expect(new Set(created).size).to.equal(300);
    for (const limit of [1, 37, 300, 301]) {
      const listed = await allPages(subject.there.posts, token, limit);
      expect(listed.map(({ id }) => id)).to.deep.equal([...created].sort().toReversed());
      await subject.settle();
    }
  });

  it('come back exactly, whatever their text and size', async () => {
    const texts = ['', '\0', '\ud800 alone', '🐝', 'x'.repeat(700_000)].map((text) => JSON.stringify(text));
    for (const text of texts) {
      const id = await subject.here.posts.create(token, text);
      expect((await subject.there.posts.get(token, id)).json === text).to.equal(true);
      await subject.settle();
      expect((await subject.there.posts.get(token, id)).json === text).to.equal(true);
    }
  });

  it('with much content make shorter pages, and none is left out', async () => {
    const json = JSON.stringify('x'.repeat(900_000));
    const ids: string[] = [];
    for (let at = 0; at < 12; at++) {
      ids.push(await subject.here.posts.create(token, json));
      if (at === 2) await subject.settle();
    }
    const page = await subject.here.posts.list(token, { limit: 100 });
    expect(page.more).to.equal(true);
    expect(page.posts.length).to.be.within(1, 5);
    const listed = await allPages(subject.there.posts, token, 100);
    expect(listed.map(({ id }) => id)).to.deep.equal(ids.toReversed());
  });

  it('continue after a deleted post', async () => {
    const ids: string[] = [];
    for (let at = 0; at < 6; at++) ids.push(await subject.here.posts.create(token, String(at)));
    const [last] = (await subject.here.posts.list(token, { limit: 1 })).posts;
    await subject.there.posts.delete(token, last?.id ?? '');
    await subject.settle();
    const page = await subject.here.posts.list(token, { limit: 2, after: last?.id });
    expect(page.posts.map(({ id }) => id)).to.deep.equal([ids[4], ids[3]]);
    expect(page.more).to.equal(true);
  });

  it('are not keys, and entries are not posts', async () => {
    const id = await subject.here.posts.create(token, '1');
    await subject.here.entries.put(token, 'key', '2');
    for (const look of ['pending', 'settled']) {
      expect(await allKeys(subject.there.entries, token), look).to.deep.equal(['key']);
      expect(await allPages(subject.there.posts, token, 20)).to.deep.equal([{ id, userId: account.userId, json: '1' }]);
      await subject.settle();
    }
  });

  it('of another account are forbidden, and those that never existed are not found', async () => {
    const other = await newAuthor(subject.there);
    const id = await subject.here.posts.create(token, '"mine"');
    expect(await codesOf(subject.there.posts, id, other.token)).to.deep.equal(['forbidden', 'forbidden']);
    expect(await allPages(subject.there.posts, other.token, 20)).to.deep.equal([]);
    const never = ['0'.repeat(24), 'f'.repeat(24), '~', 'a/b', '', newPostId(1_790_000_000_000_000, account.userId)];
    for (const one of never) {
      expect(await codesOf(subject.here.posts, one, token), one).to.deep.equal(['post_not_found', 'post_not_found']);
    }
    expect((await subject.there.posts.get(token, id)).json).to.equal('"mine"');
  });

  it('are refused with a token that is unknown or of an erased account, and are deleted with it', async () => {
    const id = await subject.here.posts.create(token, '1');
    await subject.settle();
    const pending = await subject.here.posts.create(token, '2');
    const allOf = async (bad: string) => {
      const { posts } = subject.there;
      const codes: Promise<unknown>[] = [posts.create(bad, '1'), posts.list(bad, { limit: 1 })];
      for (const one of [id, pending, 'never']) codes.push(posts.get(bad, one), posts.delete(bad, one));
      return Promise.all(codes.map(codeOf));
    };
    const refused = Array.from({ length: 8 }, () => 'invalid_token');
    expect(await allOf(randomUUID())).to.deep.equal(refused);
    await subject.there.accounts.erase(account);
    expect(await allOf(token)).to.deep.equal(refused);
    await subject.settle();
    const again = await subject.here.accounts.create(account.username, '$2b$04$hash');
    const fresh = randomUUID();
    await subject.here.tokens.issue({ userId: again.userId, clientId: 'default', token: fresh, lifetimeSeconds: 60 });
    expect(await allPages(subject.here.posts, fresh, 20)).to.deep.equal([]);
    expect(await codeOf(subject.here.posts.get(fresh, id))).to.equal('forbidden');
  });
}
