import { expect } from 'chai';
import { embeddedAccounts } from '@keybin/shared/engines/embedded/accounts/accounts.js';
import { embeddedEntries } from '@keybin/shared/engines/embedded/entries/entries.js';
import { embeddedPosts } from '@keybin/shared/engines/embedded/posts/posts.js';
import { embeddedTokens } from '@keybin/shared/engines/embedded/tokens/tokens.js';
import { count, ownParts, ownSweeper } from '../embedded/parts.js';
import { clientsPerAccount, oneStore } from '../embedded/store.js';
import { eventually } from '../../world/eventually.js';
import { postsSuite } from './engine-suite.js';
import { pagingSuite } from './paging.js';

describe('posts of the embedded engine', () => {
  const subject = Object.assign(oneStore(), { settle: async () => {} });
  postsSuite(subject);
  pagingSuite(subject);

  it('leave no record of an erased account, and all records of other accounts', async () => {
    const parts = ownParts();
    const { databases, reads, writes } = parts;
    const sweeper = ownSweeper(parts);
    const accounts = embeddedAccounts(databases, reads, writes, () => sweeper.wake());
    const tokens = embeddedTokens(databases, reads, writes, clientsPerAccount);
    const entries = embeddedEntries(databases, reads, writes);
    const posts = embeddedPosts(databases, reads, writes);
    const all = await Promise.all(['a', 'b', 'c'].map((name) => accounts.create(name, 'hash')));
    for (const { userId, username } of all) {
      await tokens.issue({ userId, clientId: 'client', token: username, lifetimeSeconds: 600 });
      await Promise.all(Array.from({ length: 700 }, (_, index) => entries.put(username, `key${index}`, '1')));
      await Promise.all(Array.from({ length: 700 }, () => posts.create(username, '1')));
    }
    for (const account of all.filter(({ username }) => username !== 'b')) await accounts.erase(account);
    await eventually(() => count(databases.erasing) === 0, 'the end of the erasure');
    expect([count(databases.entries), count(databases.posts)]).to.deep.equal([700, 700]);
  });
});
