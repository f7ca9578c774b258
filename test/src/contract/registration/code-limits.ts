import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { KeybinClient } from '../../world/clients/keybin-client.js';
import type { RunningApi } from '../../world/processes/running.js';
import { askForCode } from '../v1/calls.js';
import type { Subject } from '../subjects/subject.js';
import { expectTooMany, from, newAddress } from '../security/limited-clients.js';

const daily = 3;
const everywhere = 5;

const settings = {
  KEYBIN_APP_TRUST_PROXY: '1',
  KEYBIN_V1_CODE_DELIVERY: 'log',
  KEYBIN_LIMITS_IDENTIFY_CODES_PER_NAME: '1000/60',
  KEYBIN_LIMITS_IDENTIFY_CODES_PER_NAME_DAILY: `${daily}/600`,
  KEYBIN_LIMITS_IDENTIFY_CODES_PER_NAME_EVERYWHERE: `${everywhere}/600`,
};

const newName = () => `name-${randomUUID()}`;

/** Defines the tests of how often a code may be sent to somebody else than the client that asks for it. */
export function codeLimitsContract(subject: Subject): void {
  describe('limits of identify codes for one name', () => {
    let api: RunningApi;
    before('an API with narrow limits', async () => {
      api = await subject.startAnother(settings);
    });
    after(() => api.stop());

    const ask = (name: string, address: string) => askForCode(new KeybinClient(api.url, from(address)), name);

    it('refuse an address that asks again for a name, and no other name or address', async () => {
      const [name, address] = [newName(), newAddress()];
      for (let turn = 0; turn < daily; turn++) expect((await ask(name, address)).status).to.equal(200);
      for (const turn of [0, 1]) {
        expectTooMany(await ask(name, address), 'identify-codes-for-name-daily', daily);
        expect((await ask(newName(), address)).status, String(turn)).to.equal(200);
      }
      expect((await ask(name, newAddress())).status).to.equal(200);
    });

    it('refuse a name for all addresses, but not where its owner has logged in from', async () => {
      const { username, password } = await new KeybinClient(api.url).newAccount(newName());
      const home = newAddress();
      await new KeybinClient(api.url, from(home)).logIn(username, password);
      for (let turn = 0; turn < everywhere; turn++) expect((await ask(username, newAddress())).status).to.equal(200);
      expectTooMany(await ask(username, newAddress()), 'identify-codes-everywhere', everywhere);
      expect((await ask(username, home)).status).to.equal(200);
    });

    it('do not count for all addresses what they refuse to one', async () => {
      const [name, address] = [newName(), newAddress()];
      for (let turn = 0; turn < everywhere + daily; turn++) await ask(name, address);
      expect((await ask(name, newAddress())).status).to.equal(200);
    });

    it('start at zero when the account is deleted', async () => {
      const client = new KeybinClient(api.url);
      const { username, password } = await client.newAccount(newName());
      for (let turn = 0; turn < everywhere; turn++) await ask(username, newAddress());
      expect((await client.unregister(username, password)).status).to.equal(200);
      expect((await ask(username, newAddress())).status).to.equal(200);
    });
  });

  describe('the limits of identify codes for one name', () => {
    const perMinute = { KEYBIN_LIMITS_IDENTIFY_CODES_PER_NAME: '1/60' };

    it('allow one a minute', async () => {
      const api = await subject.startAnother({ ...perMinute, KEYBIN_V1_CODE_DELIVERY: 'log' });
      try {
        const [client, name] = [new KeybinClient(api.url), newName()];
        expect((await askForCode(client, name)).status).to.equal(200);
        expectTooMany(await askForCode(client, name), 'identify-codes-for-name', 1, 60);
      } finally {
        await api.stop();
      }
    });

    it('do not hold for codes in the answer, which disturb nobody', async () => {
      const api = await subject.startAnother(perMinute);
      try {
        const [client, name] = [new KeybinClient(api.url), newName()];
        for (let turn = 0; turn < 3; turn++) expect((await askForCode(client, name)).status).to.equal(200);
      } finally {
        await api.stop();
      }
    });
  });
}
