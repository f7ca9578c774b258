import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { KeybinClient, send } from '../../world/clients/keybin-client.js';
import type { RunningApi } from '../../world/processes/running.js';
import type { Subject } from '../subjects/subject.js';
import { expectTooMany, from, newAddress } from './limited-clients.js';
import { unregistering, waysToLogIn, type Secret } from './ways-to-log-in.js';

const perAccount = 3;
const perAddress = 8;
const everywhere = 12;
const registrations = 4;
const identifyCodes = 3;

const limits = {
  KEYBIN_APP_TRUST_PROXY: '1',
  KEYBIN_LIMITS_FAILED_LOGINS_PER_ACCOUNT: `${perAccount}/600`,
  KEYBIN_LIMITS_FAILED_LOGINS_PER_ADDRESS: `${perAddress}/600`,
  KEYBIN_LIMITS_FAILED_LOGINS_PER_ACCOUNT_EVERYWHERE: `${everywhere}/600`,
  KEYBIN_LIMITS_REGISTRATIONS_PER_ADDRESS: `${registrations}/600`,
  KEYBIN_LIMITS_IDENTIFY_CODES_PER_ADDRESS: `${identifyCodes}/600`,
};

const wrong = ({ username }: Secret): Secret => ({ username, password: 'wrong' });
const unknown = (): Secret => ({ username: `nobody-${randomUUID()}`, password: 'wrong' });

export function rateLimitsContract(subject: Subject): void {
  /** Registers an account through an API without these limits. */
  async function newSecret(): Promise<Secret> {
    const { username, password } = await subject.here.newAccount();
    return { username, password };
  }

  describe('limits of failed logins and registrations', () => {
    const apis: RunningApi[] = [];
    before('two APIs with narrow limits', async () => {
      apis.push(await subject.startAnother(limits), await subject.startAnother(limits));
    });
    after(() => Promise.all(apis.map((api) => api.stop())));

    const url = (index = 0) => apis[index % 2]?.url ?? '';
    const [byToken] = waysToLogIn;
    if (!byToken) throw new Error('There is no way to log in');

    const logIn = (secret: Secret, address: string, index = 0) => byToken.try(url(index), secret, from(address));

    async function exhaust(secret: Secret, address: string): Promise<void> {
      for (let turn = 0; turn < perAccount; turn++) {
        expect((await logIn(wrong(secret), address, turn)).status).to.equal(403);
      }
    }

    it('refuse an address that guesses a password, in every dialect and process, even the correct password', async () => {
      const secret = await newSecret();
      const address = newAddress();
      const ways = [...waysToLogIn, unregistering];
      for (let turn = 0; turn < perAccount; turn++) {
        const way = ways[turn % ways.length];
        const answer = await way?.try(url(turn), wrong(secret), from(address));
        expect(answer?.status, way?.name).to.equal(way?.refused);
      }
      for (const way of ways) {
        for (const given of [wrong(secret), secret]) {
          expectTooMany(await way.try(url(1), given, from(address)), 'failed-logins-to-account', perAccount);
        }
      }
    });

    it('let the owner log in from another address', async () => {
      const secret = await newSecret();
      await exhaust(secret, newAddress());
      expect((await logIn(secret, newAddress())).status).to.equal(200);
    });

    it('let the address log in to its other accounts', async () => {
      const [guessed, own] = [await newSecret(), await newSecret()];
      const address = newAddress();
      await exhaust(guessed, address);
      expect((await logIn(own, address)).status).to.equal(200);
    });

    it('reveal nothing about an unknown name', async () => {
      const [secret, nobody] = [await newSecret(), unknown()];
      const address = newAddress();
      await exhaust(secret, address);
      await exhaust(nobody, address);
      const [left, right] = [await logIn(secret, address), await logIn(nobody, address)];
      expect([left.status, left.text]).to.deep.equal([right.status, right.text]);
    });

    it('refuse an address that tries one password at many accounts', async () => {
      const address = newAddress();
      for (let turn = 0; turn < perAddress; turn++) {
        expect((await logIn(unknown(), address, turn)).status).to.equal(403);
      }
      expectTooMany(await logIn(unknown(), address), 'failed-logins', perAddress);
      expectTooMany(await logIn(await newSecret(), address), 'failed-logins', perAddress);
    });

    it('refuse many addresses that guess one password, but not where the owner has logged in from', async () => {
      const secret = await newSecret();
      const home = newAddress();
      expect((await logIn(secret, home)).status).to.equal(200);
      for (let turn = 0; turn < everywhere; turn++) {
        expect((await logIn(wrong(secret), newAddress(), turn)).status).to.equal(403);
      }
      expectTooMany(await logIn(wrong(secret), newAddress()), 'failed-logins-everywhere', everywhere);
      expectTooMany(await logIn(secret, newAddress(), 1), 'failed-logins-everywhere', everywhere);
      expect((await logIn(secret, home, 1)).status).to.equal(200);
    });

    it('let the owner in where others have used up the limit of an address, and no one else', async () => {
      const [secret, other] = [await newSecret(), await newSecret()];
      const address = newAddress();
      expect((await logIn(secret, address)).status).to.equal(200);
      for (let turn = 0; turn < perAddress; turn++) {
        expect((await logIn(unknown(), address, turn)).status).to.equal(403);
      }
      for (const refused of [unknown(), other])
        expectTooMany(await logIn(refused, address), 'failed-logins', perAddress);
      for (const index of [0, 1]) expect((await logIn(secret, address, index)).status).to.equal(200);
      expectTooMany(await logIn(wrong(secret), address, 1), 'failed-logins', perAddress);
    });

    it('tell at most as many concurrent guesses as the limit allows that they are wrong', async () => {
      const secret = await newSecret();
      const address = newAddress();
      const guesses = Array.from({ length: 40 }, (_, turn) => logIn(wrong(secret), address, turn));
      const statuses = (await Promise.all(guesses)).map(({ status }) => status);
      expect(statuses.filter((status) => status === 403)).to.have.length(perAccount);
      expect(statuses.filter((status) => status === 429)).to.have.length(40 - perAccount);
    });

    it('do not count successful logins, however many are concurrent', async () => {
      const secret = await newSecret();
      const address = newAddress();
      const logins = Array.from({ length: 40 }, (_, turn) => logIn(secret, address, turn));
      expect((await Promise.all(logins)).map(({ status }) => status)).to.deep.equal(Array(40).fill(200));
    });

    it('start at zero for a new account with the name of a deleted one', async () => {
      const secret = await newSecret();
      for (let turn = 0; turn < everywhere; turn++) await logIn(wrong(secret), newAddress());
      expect((await subject.here.unregister(secret.username, secret.password)).status).to.equal(200);
      expect((await subject.here.register(secret.username, secret.password)).status).to.equal(200);
      expect((await logIn(secret, newAddress())).status).to.equal(200);
    });

    it('trust the last address in X-Forwarded-For, which the proxy has added, and not those that the client has sent', async () => {
      const secret = await newSecret();
      const address = newAddress();
      await exhaust(secret, address);
      expect((await logIn(secret, `${newAddress()}, ${newAddress()}, ${address}`)).status).to.equal(429);
      expect((await logIn(secret, `${address}, ${newAddress()}`)).status).to.equal(200);
    });

    it('count the addresses of one IPv6 network of 64 bits as one client', async () => {
      const secret = await newSecret();
      for (let turn = 0; turn < perAccount; turn++) {
        expect((await logIn(wrong(secret), `2001:db8:0:1::${turn}`)).status).to.equal(403);
      }
      expect((await logIn(secret, '2001:DB8:0:1:ffff::9')).status).to.equal(429);
      expect((await logIn(secret, '2001:db8:0:2::1')).status).to.equal(200);
    });

    it('count an IPv4 address as one client, however it is written', async () => {
      const secret = await newSecret();
      await exhaust(secret, '10.8.0.1');
      for (const written of ['::ffff:10.8.0.1', '10.8.0.1:4711', '[::ffff:a08:1]:80']) {
        expect((await logIn(secret, written)).status, written).to.equal(429);
      }
    });

    it('refuse an address that registers too often, successfully or not', async () => {
      const address = newAddress();
      const { username } = await newSecret();
      const register = (name: string, index: number) =>
        send(url(index), 'POST', index % 3 === 0 ? '/api/users' : '/register', {
          json: { username: name, password: 'password' },
          headers: from(address),
        });
      for (let turn = 0; turn < registrations; turn++) {
        const taken = turn % 2 === 0;
        const answer = await register(taken ? username : randomUUID(), turn);
        expect(answer.status < 300, answer.text).to.equal(!taken);
      }
      expectTooMany(await register(randomUUID(), 0), 'registrations', registrations);
      expectTooMany(await register(randomUUID(), 1), 'registrations', registrations);
      const { status } = await new KeybinClient(url(), from(newAddress())).register(randomUUID(), 'password');
      expect(status).to.equal(200);
    });

    it('refuse an address that asks for too many identify codes, or guesses them', async () => {
      const address = newAddress();
      const ask = (index: number) =>
        send(url(index), 'GET', `/v1/users/register?accout=${randomUUID()}`, { headers: from(address) });
      for (let turn = 0; turn < identifyCodes; turn++) expect((await ask(turn)).status).to.equal(200);
      for (const index of [0, 1]) expectTooMany(await ask(index), 'identify-codes', identifyCodes);
      const guess = (index: number) =>
        send(url(index), 'POST', '/v1/users/register', {
          json: { accout: randomUUID(), identify_code: 100_000, passwd: 'password' },
          headers: from(address),
        });
      for (let turn = 0; turn < registrations; turn++) expect((await guess(turn)).status).to.equal(400);
      for (const index of [0, 1]) expectTooMany(await guess(index), 'registrations', registrations);
    });

    it('answer with Problem Details to clients that ask for them', async () => {
      const secret = await newSecret();
      const address = newAddress();
      await exhaust(secret, address);
      const headers = { ...from(address), accept: 'application/problem+json' };
      const answer = await byToken.try(url(), secret, headers);
      expect(answer.json).to.include({ status: 429, detail: 'Too many requests', code: 'too_many_requests' });
    });
  });

  describe('the limit of failed logins', () => {
    it('ignores X-Forwarded-For by default', async () => {
      const api = await subject.startAnother({ KEYBIN_LIMITS_FAILED_LOGINS_PER_ACCOUNT: '2/600' });
      try {
        // No address has logged in to it
        const [username, password] = [randomUUID(), 'never used yet'];
        expect((await new KeybinClient(api.url).register(username, password)).status).to.equal(200);
        for (const address of [newAddress(), newAddress()]) {
          expect((await new KeybinClient(api.url, from(address)).token(username, 'wrong')).status).to.equal(403);
        }
        expect((await new KeybinClient(api.url, from(newAddress())).token(username, password)).status).to.equal(429);
      } finally {
        await api.stop();
      }
    });
  });
}
