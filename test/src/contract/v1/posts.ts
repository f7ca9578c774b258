import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { isPostId, postTimeUs } from '@keybin/shared/ids/post-id.js';
import type { Answer, KeybinClient } from '../../world/clients/keybin-client.js';
import { expectDone, expectJson } from '../subjects/answers.js';
import { alternately, type Subject } from '../subjects/subject.js';
import {
  deletePost,
  expectForbidden,
  expectRefusedToken,
  expectV1Error,
  getPost,
  listPosts,
  newV1Account,
  post,
  postIdIn,
  type V1Account,
} from './calls.js';

const expectNoPost = (answer: Answer, id: string) => expectV1Error(answer, 404, `Post '${id}' not found`);

/** Sends every request that needs the post and returns the answers. */
const waysTo = (client: KeybinClient, id: string, token: string) =>
  Promise.all([getPost(client, id, token), deletePost(client, id, token)]);

/** Returns the IDs on a page, and the start of the next page. */
const idsIn = (answer: Answer) => {
  expect(answer.status, answer.text).to.equal(200);
  const { posts, next } = answer.json as { posts: { post_id: string }[]; next: string | null };
  return { ids: posts.map(({ post_id: id }) => id), next };
};

export function postsContract(subject: Subject): void {
  describe('a post', () => {
    it('has an id of 24 hex digits and is readable at once, through every process, as it was sent', async () => {
      const { username, v1Token: token } = await newV1Account(subject.here);
      const contents = ['my first post', ' ', '"\\\u0000\u2028', '\ud800', 'ünïcödé 名前 🙂', 'x'.repeat(500_000)];
      for (const content of contents) {
        const answer = await post(subject.here, token, content);
        const id = postIdIn(answer);
        expectJson(answer, JSON.stringify({ post_id: id }));
        expect(id).to.match(/^[0-9a-f]{24}$/);
        const createdAt = new Date(postTimeUs(id) / 1_000).toISOString();
        const shown = JSON.stringify({ post_id: id, accout: username, content, created_at: createdAt });
        for (const api of [subject.there, subject.here]) expectJson(await getPost(api, id, token), shown);
        await subject.settle();
        expectJson(await getPost(subject.there, id, token), shown);
      }
    });

    it('has the time at which it was sent', async () => {
      const { v1Token: token } = await newV1Account(subject.here);
      const beganMs = Date.now();
      const id = postIdIn(await post(subject.here, token, 'now'));
      const { created_at: createdAt } = (await getPost(subject.there, id, token)).json as { created_at: string };
      expect(Date.parse(createdAt)).to.be.within(beganMs - 100, Date.now() + 100);
    });

    it('is readable with any token of its account, and with Bearer', async () => {
      const { v1Token: token } = await newV1Account(subject.here);
      const headers = { authorization: `Bearer ${token}` };
      const sent = await subject.here.send('POST', '/v1/activity/post', { json: { content: 'by header' }, headers });
      const path = `/v1/activity/${postIdIn(sent)}`;
      expect((await subject.there.send('GET', path, { headers })).json).to.have.property('content', 'by header');
    });

    it('can be deleted once', async () => {
      const { v1Token: token } = await newV1Account(subject.here);
      for (const settled of [false, true]) {
        const id = postIdIn(await post(subject.here, token, 'gone soon'));
        if (settled) await subject.settle();
        expectJson(await deletePost(subject.there, id, token), JSON.stringify({ deleted: id }));
        for (const api of [subject.here, subject.there]) {
          for (const answer of await waysTo(api, id, token)) expectNoPost(answer, id);
        }
        expectJson(await listPosts(subject.here, token), '{"posts":[],"next":null}');
      }
    });

    it('of another account is forbidden, whether or not it still exists', async () => {
      const owner = await newV1Account(subject.here);
      const { v1Token: stranger } = await newV1Account(subject.there);
      const kept = postIdIn(await post(subject.here, owner.v1Token, 'kept'));
      const gone = postIdIn(await post(subject.here, owner.v1Token, 'gone'));
      await deletePost(subject.here, gone, owner.v1Token);
      for (const id of [kept, gone]) {
        for (const answer of await waysTo(subject.there, id, stranger)) expectForbidden(answer);
      }
      expect((await getPost(subject.here, kept, owner.v1Token)).json).to.have.property('content', 'kept');
    });

    it('that never existed is not found', async () => {
      const { v1Token: token } = await newV1Account(subject.here);
      for (const id of ['1', 'post', '0'.repeat(24), 'g'.repeat(24), '%24gt', '%20']) {
        for (const answer of await waysTo(subject.here, id, token)) expectNoPost(answer, decodeURIComponent(id));
      }
    });

    it('is refused without a live token of this dialect', async () => {
      const { token: foreign, v1Token: token } = await newV1Account(subject.here);
      const id = postIdIn(await post(subject.here, token, 'mine'));
      for (const bad of ['', foreign, `v1.${foreign}`, `v1.${randomUUID()}`]) {
        for (const answer of await waysTo(subject.here, id, bad)) expectRefusedToken(answer);
        expectRefusedToken(await post(subject.here, bad, 'mine'));
        expectRefusedToken(await listPosts(subject.here, bad));
      }
    });

    it('requires a content that is a string', async () => {
      const { v1Token: token } = await newV1Account(subject.here);
      for (const content of [undefined, null, '']) {
        const answer = await subject.here.send('POST', `/v1/activity/post?token=${token}`, { json: { x: 1, content } });
        expectV1Error(answer, 400, "Required parameter 'content' is missing");
      }
      for (const content of [0, 1, true, [], ['a'], {}, { $gt: '' }]) {
        expectV1Error(await post(subject.here, token, content), 400, "Parameter 'content' must be a string");
      }
      expectJson(await listPosts(subject.here, token), '{"posts":[],"next":null}');
    });

    it('is deleted with its account and does not come back with its name', async () => {
      const account = await newV1Account(subject.here);
      const id = postIdIn(await post(subject.here, account.v1Token, 'erased'));
      expectDone(await subject.there.unregister(account.username, account.password));
      const again = await newV1Account(subject.there, account.username);
      for (const api of [subject.here, subject.there]) {
        expectRefusedToken(await getPost(api, id, account.v1Token));
        expectForbidden(await getPost(api, id, again.v1Token));
        expectJson(await listPosts(api, again.v1Token), '{"posts":[],"next":null}');
      }
    });
  });

  describe('a list of posts', () => {
    let account: V1Account;
    /** IDs of the posts, newest first. */
    const ids: string[] = [];

    before('an account with 25 posts', async () => {
      account = await newV1Account(subject.here);
      for (let index = 0; index < 25; index++) {
        ids.unshift(postIdIn(await post(alternately(subject, index), account.v1Token, `post ${index}`)));
      }
    });

    it('has the newest first, 20 by default, and says where the next page begins', async () => {
      for (const api of [subject.here, subject.there]) {
        expect(idsIn(await listPosts(api, account.v1Token))).to.deep.equal({ ids: ids.slice(0, 20), next: ids[19] });
        const rest = await listPosts(api, account.v1Token, { after: ids[19] ?? '' });
        expect(idsIn(rest)).to.deep.equal({ ids: ids.slice(20), next: null });
      }
    });

    it('shows each post as a single read does', async () => {
      const [newest = ''] = ids;
      const alone = await getPost(subject.here, newest, account.v1Token);
      const list = await listPosts(subject.there, account.v1Token, { limit: '1' });
      expectJson(list, `{"posts":[${alone.text}],"next":"${newest}"}`);
    });

    it('has as many as requested, from 1 to 100', async () => {
      for (const limit of [1, 7, 24, 25, 100]) {
        const pages: string[] = [];
        let after: string | null = '';
        while (after !== null) {
          const page = idsIn(await listPosts(subject.there, account.v1Token, { limit: String(limit), after }));
          expect(page.ids.length).to.be.at.most(limit);
          pages.push(...page.ids);
          after = page.next;
        }
        expect(pages).to.deep.equal(ids);
      }
    });

    it('is refused with an invalid limit or position', async () => {
      for (const limit of ['0', '101', '-1', '1.5', '1e1', 'x', '9'.repeat(20), '%31%30x', '1&limit=2']) {
        const answer = await subject.here.send('GET', `/v1/activity?token=${account.v1Token}&limit=${limit}`);
        expectV1Error(answer, 400, "Parameter 'limit' must be a whole number from 1 to 100");
      }
      const [newest = ''] = ids;
      for (const after of ['x', '0'.repeat(24), newest.toUpperCase(), `${newest}0`, `${newest}&after=${newest}`]) {
        expect(isPostId(after)).to.equal(false);
        const answer = await subject.here.send('GET', `/v1/activity?token=${account.v1Token}&after=${after}`);
        expectV1Error(answer, 400, "Parameter 'after' must be the id of a post");
      }
    });

    it('continues after a deleted post', async () => {
      const own = await newV1Account(subject.here);
      const posted: string[] = [];
      for (let index = 0; index < 4; index++) posted.unshift(postIdIn(await post(subject.here, own.v1Token, 'x')));
      const [, second = ''] = posted;
      await deletePost(subject.there, second, own.v1Token);
      const page = idsIn(await listPosts(subject.here, own.v1Token, { after: second }));
      expect(page).to.deep.equal({ ids: posted.slice(2), next: null });
    });

    it('has no post of another account, and no post is among the keys', async () => {
      const { v1Token: stranger } = await newV1Account(subject.here);
      expectJson(await listPosts(subject.there, stranger, { after: ids[3] ?? '' }), '{"posts":[],"next":null}');
      expect((await subject.there.keys(account.token)).json).to.deep.equal({ keys: [] });
    });
  });
}
