import { expect } from 'chai';
import { Passwords } from '@keybin/api/passwords.js';
import { issueToken } from '@keybin/api/use-cases/issue-token.js';
import { register } from '@keybin/api/use-cases/register.js';
import { unregister } from '@keybin/api/use-cases/unregister.js';
import { hasCode } from '@keybin/shared/errors.js';
import type { Account, Engine } from '@keybin/shared/ports.js';

const credentials = { username: 'name', password: 'password' };
const never = () => new Promise<never>(() => {});

/** A store that finds accounts and then hangs. */
const hanging = (account?: Account): Engine => ({
  name: 'hanging',
  location: 'nowhere',
  accounts: { create: never, find: async () => account, findByNumber: never, findById: never, erase: never },
  tokens: { issue: never, check: never, revoke: never },
  entries: { get: never, keys: never, put: never, delete: never },
  posts: { create: never, get: never, list: never, delete: never },
  secrets: { agree: never },
  health: never,
  close: async () => {},
});

describe('a request with a password', () => {
  const passwords = new Passwords({ cost: 12, hashesAtOnce: 1, maxWaiting: 10 });
  let account: Account;

  before(async () => {
    const passwordHash = await passwords.hash(credentials.password, performance.now() + 60_000);
    account = { userId: 'id', number: 1, objectId: '', username: 'name', passwordHash, createdAt: new Date() };
  });

  for (const [what, request] of [
    ['register', () => register({ engine: hanging(), passwords, loginsRefused: { inc() {} } }, credentials)],
    [
      'token',
      () =>
        issueToken(
          {
            engine: hanging(account),
            passwords,
            loginsRefused: { inc() {} },
            tokenLifetimeSeconds: 1,
            tokensIssued: { inc() {} },
          },
          credentials,
          'c',
        ),
    ],
    ['unregister', () => unregister({ engine: hanging(account), passwords, loginsRefused: { inc() {} } }, credentials)],
  ] as const) {
    it(`is answered within 2 s when the store hangs after the hash (${what})`, async () => {
      const startedMs = performance.now();
      const error = await request().then(
        () => undefined,
        (failure: unknown) => failure,
      );
      expect(hasCode(error, 'unavailable')).to.equal(true);
      expect(performance.now() - startedMs).to.be.below(2_000);
    });
  }
});
