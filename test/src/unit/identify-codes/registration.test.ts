import { createSecretKey } from 'node:crypto';
import { expect } from 'chai';
import { Passwords } from '@keybin/api/passwords/passwords.js';
import { RateLimits } from '@keybin/api/accounts/rate-limits.js';
import { registerWithIdentifyCode, sendIdentifyCode, type Codes } from '@keybin/api/use-cases/identify-codes.js';
import { checkSettings } from '@keybin/shared/config/check-settings.js';
import { closeStores, codeOf, ownStore } from '../embedded/store.js';
import { times } from '../../world/times.js';

const codes: Codes = {
  key: createSecretKey(Buffer.from('shared by all processes')),
  delivery: { deliver: async ({ code }) => code, close: async () => {} },
  lifetimeSeconds: 600,
  reachOthers: false,
};
const address = '127.0.0.1';

describe('a registration with an identify code', () => {
  afterEach(closeStores);

  it('that was refused because too many hashes wait may be repeated with its code', async () => {
    const engine = await ownStore();
    const passwords = new Passwords({ cost: 10, hashesAtOnce: 1, maxWaiting: 0, rightPasswordMs: 0 });
    const limits = new RateLimits(checkSettings({ given: new Map(), problems: [] }).limits, engine.rateCounters);
    const uncounted = { inc() {} };
    const parts = {
      engine,
      passwords,
      limits,
      registration: 'open' as const,
      distinctNames: false,
      times,
      loginsRefused: uncounted,
    };
    const code = String(await sendIdentifyCode(parts, codes, { username: 'ada', address }));
    const credentials = { username: 'ada', password: 'password', address };

    const served = new AbortController();
    const hashOthers = async () => {
      // The next hash starts as soon as the previous one has ended
      while (!served.signal.aborted) await passwords.hash(credentials, performance.now() + 60_000);
    };
    const others = hashOthers();
    expect(await codeOf(registerWithIdentifyCode(parts, codes, credentials, code))).to.equal('unavailable');
    served.abort();
    await others;
    const account = await registerWithIdentifyCode(parts, codes, credentials, code);
    expect(account.username).to.equal('ada');
    expect(await codeOf(registerWithIdentifyCode(parts, codes, credentials, code))).to.equal('invalid_identify_code');
  });
});
