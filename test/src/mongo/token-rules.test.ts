import { expect } from 'chai';
import { hashToken } from '@keybin/shared/engines/mongo/token-index.js';
import { partitionPrefix, tokenIndexKey } from '@keybin/shared/engines/mongo/keys.js';
import { eventually } from '../world/eventually.js';
import { services } from '../world/services.js';
import { variants } from './token-variants.js';
import { TokenProcess, type Variant } from './token-world.js';

/** Answers whether the promise of the test was kept. */
type Scenario = (one: TokenProcess, other: TokenProcess) => Promise<boolean>;

const product: Variant = {};

const emptyRedis = ({ redis }: TokenProcess) => redis.client.flushall();

/**
 * Each rule of the token protocol with the interleaving for which it is there, found by the model: the promise is kept with
 * the product's rule and broken without it.
 */
describe('rules of the token protocol', () => {
  const place = services();

  /** Runs the scenario with two processes of the product, and with two that lack the rule. */
  function rule(name: Exclude<keyof typeof variants, 'nolife'>, promise: string, scenario: Scenario): void {
    for (const [variant, kept] of [[product, true] as const, [variants[name], false] as const]) {
      it(`${name}: ${kept ? '' : 'without the rule it is not true that '}${promise}`, async () => {
        const one = await TokenProcess.open(place, variant);
        const other = await TokenProcess.open(place, variant);
        try {
          expect(await scenario(one, other)).to.equal(kept);
        } finally {
          await one.close();
          await other.close();
        }
      });
    }
  }

  rule('nolease', 'a check that read the old token cannot bring it back', async (one, other) => {
    const account = await one.register();
    const old = await one.login(account);
    await emptyRedis(one);
    const fill = one.gates.pause('fill');
    const check = one.accepts(old);
    await fill.reached;
    await other.login(account);
    fill.open();
    await check;
    return !(await one.accepts(old)); // that one need not ask whose token it is
  });

  rule('late', 'a token that was refused while it was being replaced stays refused', async (one, other) => {
    const account = await one.register();
    const old = await one.login(account);
    await emptyRedis(one);
    const fill = one.gates.pause('fill');
    const check = one.accepts(old);
    await fill.reached;
    const userExists = other.gates.pause('userExists');
    const login = other.login(account);
    await userExists.reached;
    expect(await one.accepts(old)).to.equal(false);
    fill.open();
    await check;
    const accepted = await one.accepts(old);
    userExists.open();
    await login;
    return !accepted;
  });

  rule('nowait', 'a token is answered only when it is the one that MongoDB has', async (one, other) => {
    const account = await one.register();
    const [find, userExists] = [one.gates.pause('find'), other.gates.pause('userExists')];
    const first = one.login(account);
    await find.reached;
    const second = other.login(account);
    const { gates } = other;
    await eventually(
      () => gates.calls('lease') > 1 || gates.calls('userExists') > 0,
      'the second login to wait or go on',
    );
    const goesOn = gates.calls('userExists') > 0;
    const dies = one.gates.pause('userExists');
    find.open();
    await dies.reached;
    userExists.open();
    const good = !goesOn || (await acceptsWithoutRecord(one, await second));
    dies.open();
    await Promise.all([first, second]);
    return good;
  });

  rule('keep', 'a check that slipped in when Redis lost the lease brings no old token back', async (one, other) => {
    const account = await one.register();
    const old = await one.login(account);
    const replace = one.gates.pause('replace');
    const login = one.login(account);
    await replace.reached;
    await emptyRedis(one);
    expect(await other.accepts(old)).to.equal(true);
    replace.open();
    await login;
    return !(await other.accepts(old));
  });

  rule(
    'nouser',
    'a token is refused as soon as its account is gone, though its document is still there',
    async (one) => {
      const account = await one.register();
      const token = await one.login(account);
      await one.accounts.erase(account);
      expect(await one.database.tokens.countDocuments({ user_id: account.userId })).to.equal(1);
      return !(await one.accepts(token));
    },
  );

  rule('noclose', 'a token that was refused while its account went stays refused', async (one, other) => {
    const account = await one.register();
    const token = await one.login(account);
    await emptyRedis(one);
    const fill = one.gates.pause('fill');
    const check = one.accepts(token);
    await fill.reached;
    const addTo = other.gates.pause('addTo'); // the user document is gone by then
    const erasure = other.accounts.erase(account);
    await addTo.reached;
    expect(await other.accepts(token)).to.equal(false);
    fill.open();
    await check;
    const accepted = await other.accepts(token);
    addTo.open();
    await erasure;
    return !accepted;
  });

  rule('redisfirst', 'a record is gone although Redis lost the mark before it was filled', async (one, other) => {
    const account = await one.register();
    const token = await one.login(account);
    const put = other.gates.pause('put'); // the account is closed, its user document still there
    const erasure = other.accounts.erase(account);
    await put.reached;
    await emptyRedis(one);
    const fill = one.gates.pause('fill');
    const check = one.accepts(token);
    await fill.reached;
    put.open();
    await erasure;
    fill.open();
    await check;
    return !(await one.accepts(token));
  });

  rule('forget', 'a token that was logged out stays dead when Redis forgets', async (one, other) => {
    const token = await one.login(await one.register());
    await one.tokens.revoke(token);
    await emptyRedis(one);
    return !(await other.accepts(token));
  });

  rule('ttl', 'a token dies in time although MongoDB has not swept it away', async (one) => {
    const account = await one.register();
    const token = await one.login(account, 'default', 1);
    const [document] = await one.database.tokens.find({ user_id: account.userId }).toArray();
    const expiry = Number(document?.expires_at);
    await eventually(async () => Number((await one.redis.client.time())[0]) * 1_000 > expiry, 'the expiry');
    expect(await one.database.tokens.countDocuments({ user_id: account.userId })).to.equal(1);
    const byRecord = await one.accepts(token);
    await emptyRedis(one);
    return !byRecord && !(await one.accepts(token));
  });

  rule(
    'anyorder',
    'a document that was sent by an issue that was given up replaces no later one',
    async (one, other) => {
      const account = await one.register();
      const replace = one.gates.pause('replace');
      const givenUp = one.login(account);
      await replace.reached;
      await emptyRedis(one); // the lease is over
      const answered = await other.login(account);
      const dies = one.gates.pause('userExists');
      replace.open();
      await Promise.race([dies.reached, givenUp.catch(() => {})]);
      await emptyRedis(one);
      const good = await other.accepts(answered);
      dies.open();
      await givenUp.catch(() => {});
      return good;
    },
  );

  async function acceptsWithoutRecord(process: TokenProcess, token: string): Promise<boolean> {
    const reader = await TokenProcess.open(place);
    try {
      await process.redis.client.del(tokenIndexKey(partitionPrefix(0), hashToken(token)));
      return await reader.accepts(token);
    } finally {
      await reader.close();
    }
  }
});
