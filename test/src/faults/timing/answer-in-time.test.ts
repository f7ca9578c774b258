import { createSecretKey } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { AuthorNames } from '@keybin/api/accounts/author-names.js';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { Passwords } from '@keybin/api/passwords/passwords.js';
import type { AccountParts } from '@keybin/api/use-cases/authenticate.js';
import { registerWithIdentifyCode, sendIdentifyCode, type Codes } from '@keybin/api/use-cases/identify-codes.js';
import { issueToken } from '@keybin/api/use-cases/issue-token.js';
import { RateLimits } from '@keybin/api/accounts/rate-limits.js';
import { listPosts, readPost } from '@keybin/api/use-cases/posts.js';
import { logOut } from '@keybin/api/use-cases/log-out.js';
import { viewAccount } from '@keybin/api/use-cases/view-account.js';
import { register } from '@keybin/api/use-cases/register.js';
import { unregister } from '@keybin/api/use-cases/unregister.js';
import { checkSettings } from '@keybin/shared/config/check-settings.js';
import { hasCode } from '@keybin/shared/errors.js';
import { FallbackCounters, limiterOptions } from '@keybin/shared/rate-counters/fallback-counters.js';
import type { Account, Engine } from '@keybin/shared/ports/engine.js';
import { times } from '../../world/times.js';

const credentials = { username: 'name', password: 'password', address: '127.0.0.1' };
const client = { clientId: 'client', token: 'token' };
const never = () => new Promise<never>(() => {});

class HangingLimiter extends RateLimiterMemory {
  override readonly get = never;
  override readonly penalty = never;
}

const hangingCounters = () => new FallbackCounters(new HangingLimiter(limiterOptions), times);
const rateCounters = hangingCounters();
const settings = checkSettings({ given: new Map(), problems: [] });
const limits = new RateLimits(settings.limits, rateCounters);
/** Limits over a store that is asked once more before memory takes its place. */
const hangingLimits = () => new RateLimits(settings.limits, hangingCounters());

/** Returns a store that finds accounts and hangs at every other call. */
const hanging = (account?: Account): Engine => ({
  name: 'hanging',
  location: 'nowhere',
  accounts: {
    create: never,
    find: async () => account,
    findByNumber: never,
    findById: never,
    erase: never,
    disable: never,
    enable: never,
  },
  tokens: { issue: never, check: never, revoke: never },
  entries: { get: never, keys: never, put: never, delete: never },
  posts: { create: never, get: never, list: never, delete: never },
  files: { begin: never, open: never, list: never, delete: never },
  identifyCodes: { put: never, check: never, redeem: never },
  secrets: { agree: never },
  rateCounters,
  health: never,
  close: async () => {},
});

const inTimeMs = 2_000;

/** Takes 500 ms for each password, whatever the load of the machine. */
class SlowPasswords extends Passwords {
  override readonly hash = () => delay(500, 'hash');
  override readonly matches = () => delay(500, 'right' as const);
}

/** Asserts that the promise settles before a timer that starts with it. Load on this process delays both equally. */
async function expectInTime(promise: Promise<unknown>, startedMs = performance.now()): Promise<void> {
  const late = new AbortController();
  const timer = delay(startedMs + inTimeMs - performance.now(), 'late', { signal: late.signal });
  expect(await Promise.race([promise, timer])).not.to.equal('late');
  late.abort();
  await timer.catch(() => {});
}

async function expectRefusedInTime(request: Promise<unknown>): Promise<void> {
  const error = request.then(
    () => undefined,
    (failure: unknown) => failure,
  );
  await expectInTime(error);
  expect(hasCode(await error, 'unavailable')).to.equal(true);
}

/** Returns a store that is slow to answer the first call, and then hangs. */
const slow = (): Engine => {
  const engine = hanging();
  const post = { id: 'f'.repeat(24), userId: 'id', json: '""' };
  return {
    ...engine,
    accounts: { ...engine.accounts, find: never },
    tokens: { ...engine.tokens, check: () => delay(1_000, 'id') },
    posts: {
      ...engine.posts,
      get: () => delay(1_000, post),
      list: () => delay(1_000, { posts: [post], more: false }),
    },
  };
};

/** Returns a store whose accounts and codes hang. If `firstMs` is given, finding an account takes that long instead. */
const hangingAccounts = (firstMs?: number): Engine => {
  const engine = hanging();
  const find = firstMs === undefined ? never : () => delay(firstMs, undefined);
  return { ...engine, accounts: { ...engine.accounts, find } };
};

const posting = () => {
  const engine = slow();
  return { engine, names: new AuthorNames(engine.accounts), times };
};

describe('a request that queries a store twice', () => {
  for (const [what, request] of [
    ['logout', () => logOut({ engine: slow(), times }, 'token', 'name')],
    ['an account', () => viewAccount({ engine: slow(), times }, 'token', 'name')],
    ['a post', () => readPost(posting(), 'token', 'id')],
    ['posts', () => listPosts(posting(), 'token', { limit: 1 })],
  ] as const) {
    it(`gets a response within 2 s if the store hangs after its first answer (${what})`, async () => {
      await expectRefusedInTime(request());
    });
  }
});

describe('a request with a password', () => {
  const options = { cost: 12, hashesAtOnce: 1, maxWaiting: 10, rightPasswordMs: times.rightPasswordMs };
  const uncounted = { inc() {} };
  const counted = {
    passwords: new Passwords(options),
    limits,
    registration: 'open' as const,
    distinctNames: false,
    loginsRefused: uncounted,
    tokensIssued: uncounted,
    times,
  };
  const hashed = { ...counted, passwords: new SlowPasswords(options) };
  const account: Account = {
    userId: 'id',
    number: 1,
    objectId: '',
    username: 'name',
    passwordHash: 'hash',
    createdAt: new Date(),
    disabled: false,
    generation: 0,
  };

  for (const [what, request] of [
    ['register', () => register({ ...hashed, engine: hanging() }, credentials)],
    ['token', () => issueToken({ ...hashed, engine: hanging(account), tokenLifetimeSeconds: 1 }, credentials, client)],
    ['unregister', () => unregister({ ...hashed, engine: hanging(account) }, credentials)],
  ] as const) {
    it(`is answered within 2 s when the store hangs after the hash (${what})`, async () => {
      await expectRefusedInTime(request());
    });
  }

  const codes: Codes = {
    key: createSecretKey(Buffer.from('key')),
    delivery: { deliver: async () => null, close: async () => {} },
    lifetimeSeconds: 60,
    reachOthers: true,
  };

  for (const [what, request] of [
    ['register', (parts) => register(parts, credentials)],
    ['an identify code', (parts) => sendIdentifyCode(parts, codes, credentials)],
    ['register with one', (parts) => registerWithIdentifyCode(parts, codes, credentials, '123456')],
  ] as const satisfies readonly (readonly [string, (parts: AccountParts) => Promise<unknown>])[]) {
    it(`is answered within 2 s when it cannot be counted and the store hangs (${what})`, async () => {
      await expectRefusedInTime(request({ ...counted, limits: hangingLimits(), engine: hangingAccounts() }));
    });
  }

  it('is answered within 2 s when its account is found late and failed logins cannot be counted', async () => {
    const parts = { ...counted, limits: hangingLimits(), engine: hangingAccounts(1_600), tokenLifetimeSeconds: 1 };
    await expectRefusedInTime(issueToken(parts, credentials, client));
  });

  it('is answered within 2 s when its account has ended and what was counted is not forgotten', async () => {
    class HangingDelete extends RateLimiterMemory {
      override readonly delete = never;
    }
    const counters = new FallbackCounters(new HangingDelete(limiterOptions), times);
    const engine = hanging(account);
    const startedMs = performance.now();
    const erase = () => delay(startedMs + 1_650 - performance.now());
    const ending = { ...engine, accounts: { ...engine.accounts, erase } };
    const unlimited = { ...hashed, limits: new RateLimits(settings.limits, counters), engine: ending };
    await expectInTime(unregister(unlimited, credentials), startedMs);
  });
});
