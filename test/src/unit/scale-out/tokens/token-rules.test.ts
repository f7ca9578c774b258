import { empty } from '../../../world/scale-out/staged.js';
import { expect } from 'chai';
import { hashToken } from '@keybin/shared/engines/scale-out/tokens/token-index.js';
import { KeybinError } from '@keybin/shared/errors.js';
import { tokenIndexKey } from '@keybin/shared/engines/scale-out/redis/keys.js';
import { eventually } from '../../../world/eventually.js';
import { services } from '../../../world/services/services.js';
import { variants } from './token-variants.js';
import { TokenProcess, type Variant } from './token-world.js';

/** Resolves with true if the promise of the test was kept. */
type Scenario = (one: TokenProcess, other: TokenProcess) => Promise<boolean>;

const product: Variant = {};

const emptyRedis = ({ redis }: TokenProcess) => empty(redis);

/** A check that has read MongoDB and pauses before it tells Redis the result. */
class HeldCheck {
  private constructor(
    private readonly check: Promise<boolean>,
    private readonly goOn: () => void,
  ) {}

  /** Resolves when the check has paused, or has ended before. */
  static async begin(process: TokenProcess, token: string): Promise<HeldCheck> {
    const fill = process.gates.pause('fill');
    const check = process.accepts(token);
    await Promise.race([fill.reached, check]);
    return new HeldCheck(check, () => fill.open());
  }

  async end(): Promise<void> {
    this.goOn();
    await this.check;
  }
}

/** Asserts that a token is refused. Returns true if it is still refused after an earlier check has ended. */
async function staysRefused(process: TokenProcess, token: string, earlier: HeldCheck): Promise<boolean> {
  expect(await process.accepts(token)).to.equal(false);
  await earlier.end();
  return !(await process.accepts(token));
}

/**
 * Tests each rule of the token protocol with an interleaving that the model found. The product keeps the promise.
 * Without the rule it is broken.
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
    const check = await HeldCheck.begin(one, old);
    await other.login(account);
    await check.end();
    return !(await one.accepts(old)); // this process need not look up the token's account
  });

  rule('late', 'a token that was refused while it was being replaced stays refused', async (one, other) => {
    const account = await one.register();
    const old = await one.login(account);
    await emptyRedis(one);
    const check = await HeldCheck.begin(one, old);
    const userExists = other.gates.pause('userExists');
    const login = other.login(account);
    await userExists.reached;
    const refused = await staysRefused(one, old, check);
    userExists.open();
    await login;
    return refused;
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
    'a token is refused as soon as its account is deleted, although its document still exists',
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
    const check = await HeldCheck.begin(one, token);
    const addTo = other.gates.pause('addTo'); // the user document is deleted by then
    const erasure = other.accounts.erase(account);
    await addTo.reached;
    const refused = await staysRefused(other, token, check);
    addTo.open();
    await erasure;
    return refused;
  });

  rule(
    'nomark',
    'a token that was refused while its account went stays refused, though checks came between',
    async (one, other) => {
      const account = await one.register();
      const token = await one.login(account);
      const put = other.gates.pause('put'); // the account is closed, but its user document still exists
      const erasure = other.accounts.erase(account);
      await put.reached;
      const check = await HeldCheck.begin(one, token);
      const addTo = other.gates.pause('addTo'); // the user document is deleted by then
      put.open();
      await addTo.reached;
      const refused = await staysRefused(other, token, check);
      addTo.open();
      await erasure;
      return refused;
    },
  );

  rule('redisfirst', 'a record is gone although Redis lost the mark before it was filled', async (one, other) => {
    const account = await one.register();
    const token = await one.login(account);
    const put = other.gates.pause('put'); // the account is closed, but its user document still exists
    const erasure = other.accounts.erase(account);
    await put.reached;
    await emptyRedis(one);
    const check = await HeldCheck.begin(one, token);
    put.open();
    await erasure;
    await check.end();
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

  rule('offopen', 'a token that was refused while its account was being disabled stays refused', async (one, other) => {
    const account = await one.register();
    const token = await one.login(account);
    await emptyRedis(one);
    const check = await HeldCheck.begin(one, token);
    const endTokens = other.gates.pause('endTokens'); // the user document says "disabled" by then
    const disabling = other.accounts.disable(account);
    await endTokens.reached;
    const refused = await staysRefused(other, token, check);
    endTokens.open();
    await disabling;
    return refused;
  });

  rule(
    'offonce',
    'a disabled account has no record though Redis lost the mark before one was filled',
    async (one, other) => {
      const account = await one.register();
      const token = await one.login(account);
      const updateOne = other.gates.pause('updateOne'); // the account is suspended, but its user document is unchanged
      const disabling = other.accounts.disable(account);
      await updateOne.reached;
      await emptyRedis(one);
      const check = await HeldCheck.begin(one, token);
      updateOne.open();
      await disabling;
      await check.end();
      return !(await one.accepts(token));
    },
  );

  rule('offgen', 'a token of before its account was disabled stays dead when that is enabled', async (one, other) => {
    const account = await one.register();
    const token = await one.login(account);
    await one.accounts.disable(account);
    await one.accounts.enable(account);
    return !(await other.accepts(token));
  });

  it('a login that began before its account was disabled gets no token', async () => {
    const one = await TokenProcess.open(place);
    try {
      const account = await one.register();
      const replace = one.gates.pause('replace');
      const login = one.login(account).then(
        () => 'a token',
        (error: unknown) => (error instanceof KeybinError ? error.code : String(error)),
      );
      await replace.reached;
      await one.accounts.disable(account);
      await one.accounts.enable(account);
      replace.open();
      expect(await login).to.equal('invalid_credentials');
    } finally {
      await one.close();
    }
  });

  rule(
    'anyorder',
    'a document that was sent by an issue that was given up replaces no later one',
    async (one, other) => {
      const account = await one.register();
      const replace = one.gates.pause('replace');
      const givenUp = one.login(account);
      await replace.reached;
      await emptyRedis(one); // ends the lease
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
      await process.redis.client.del(tokenIndexKey(process.redis.prefixOf(0), hashToken(token)));
      return await reader.accepts(token);
    } finally {
      await reader.close();
    }
  }
});
