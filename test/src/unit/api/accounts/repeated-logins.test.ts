import { expect } from 'chai';
import { Passwords } from '@keybin/api/passwords/passwords.js';
import { RateLimits } from '@keybin/api/accounts/rate-limits.js';
import { authenticate } from '@keybin/api/use-cases/authenticate.js';
import { checkSettings } from '@keybin/shared/config/check-settings.js';
import { deadlineIn } from '@keybin/shared/deadline.js';
import type { Engine } from '@keybin/shared/ports/engine.js';
import { patientTimes } from '../../../world/times.js';
import { closeStores, codeOf, ownStore } from '../../embedded/store.js';

const ada = { username: 'ada', password: 'right', address: '192.0.2.1' };
const wrong = { ...ada, password: 'wrong' };
const wrongPasswords = 20;

/** Logs in by one process, with a count of the passwords that it hashes. */
class Process {
  hashed = 0;
  readonly passwords = new Passwords({
    cost: 4,
    hashesAtOnce: 1,
    maxWaiting: 10,
    rightPasswordMs: 600_000,
    onHashed: () => (this.hashed += 1),
  });

  constructor(private readonly engine: Engine) {}

  /** Returns the code of the error, or undefined, and the number of hashes that the login took. */
  async logIn(credentials: typeof ada): Promise<[unknown, number]> {
    const { engine, passwords, hashed: before } = this;
    const { limits } = checkSettings({ given: new Map(), problems: [] });
    const parts = {
      engine,
      passwords,
      limits: new RateLimits(limits, engine.rateCounters),
      registration: 'open' as const,
      distinctNames: false,
      times: patientTimes,
      loginsRefused: { inc() {} },
    };
    const code = await codeOf(authenticate(parts, credentials, performance.now()));
    return [code, this.hashed - before];
  }
}

async function withAda(): Promise<{ engine: Engine; here: Process; there: Process }> {
  const engine = await ownStore();
  const [here, there] = [new Process(engine), new Process(engine)];
  await engine.accounts.create('ada', await here.passwords.hash(ada, deadlineIn(600_000)));
  return { engine, here, there };
}

describe('a login with a password that was right just before', () => {
  afterEach(closeStores);

  it('is not hashed by the same process', async () => {
    const { here, there } = await withAda();
    expect([await here.logIn(ada), await here.logIn(ada)]).to.deep.equal([
      [undefined, 1],
      [undefined, 0],
    ]);
    expect(await there.logIn(ada)).to.deep.equal([undefined, 1]);
  });

  it('is hashed and refused once its account is disabled, each time, and hashed when it is enabled again', async () => {
    const { engine, here } = await withAda();
    await here.logIn(ada);
    const account = await engine.accounts.find('ada');
    if (!account) throw new Error('There is no account');
    await engine.accounts.disable(account);
    for (let turn = 0; turn < 3; turn++) expect(await here.logIn(ada)).to.deep.equal(['invalid_credentials', 1]);
    await engine.accounts.enable(account);
    expect(await here.logIn(ada)).to.deep.equal([undefined, 1]);
  });

  it('passes no limit after a wrong password from its address', async () => {
    const { here } = await withAda();
    await here.logIn(ada);
    for (let turn = 0; turn < wrongPasswords; turn++) {
      expect(await here.logIn(wrong)).to.deep.equal(['invalid_credentials', 1]);
    }
    // The owner may pass here, until as many wrong ones have come
    for (let turn = 0; turn < wrongPasswords; turn++) {
      expect(await here.logIn(wrong)).to.deep.equal(['too_many_requests', 1]);
    }
    expect(await here.logIn(ada)).to.deep.equal(['too_many_requests', 0]);
  });

  it('is served while others from elsewhere guess it without end', async () => {
    const { here } = await withAda();
    await here.logIn(ada);
    const guess = { ...wrong, address: '192.0.2.2' };
    for (let turn = 0; turn <= wrongPasswords; turn++) await here.logIn(guess);
    expect(await here.logIn(guess)).to.deep.equal(['too_many_requests', 0]);
    expect(await here.logIn(ada)).to.deep.equal([undefined, 0]);
  });
});
