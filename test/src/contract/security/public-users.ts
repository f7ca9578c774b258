import { expect } from 'chai';
import { KeybinClient } from '../../world/clients/keybin-client.js';
import { expectApiError, getAs } from '../api/calls.js';
import type { Subject } from '../subjects/subject.js';
import { expectTooMany, from, newAddress } from './limited-clients.js';

const perAddress = 3;

/** Defines the tests of who may read names by their numbers. */
export function publicUsersContract(subject: Subject): void {
  async function withApi(
    settings: Readonly<Record<string, string>>,
    use: (client: (address: string) => KeybinClient) => Promise<void>,
  ): Promise<void> {
    const api = await subject.startAnother({ KEYBIN_APP_TRUST_PROXY: '1', ...settings });
    try {
      await use((address) => new KeybinClient(api.url, from(address)));
    } finally {
      await api.stop();
    }
  }

  describe('GET /api/users/ID', () => {
    it('refuses an address that asks too often, whether the accounts exist or not', async () => {
      await withApi({ KEYBIN_LIMITS_PUBLIC_USERS_PER_ADDRESS: `${perAddress}/600` }, async (client) => {
        await client(newAddress()).newAccount(); // gives the number 1 in a store of its own
        const address = newAddress();
        for (const id of ['1', '999999999', '9'.repeat(40)]) {
          expect((await client(address).send('GET', `/api/users/${id}`)).status).not.to.equal(429);
        }
        for (const id of ['1', '999999999']) {
          expectTooMany(await client(address).send('GET', `/api/users/${id}`), 'public-users', perAddress);
        }
        expectApiError(await client(address).send('GET', '/api/users/x'), 404, 'Not found');
        expectApiError(await client(newAddress()).send('GET', '/api/users/999999999'), 400, 'User not found');
      });
    });

    it('finds nobody with [ACCOUNTS] public_users = off, and all else goes on', async () => {
      await withApi({ KEYBIN_ACCOUNTS_PUBLIC_USERS: 'off' }, async (client) => {
        const own = client(newAddress());
        const { username, password } = await own.newAccount();
        for (let id = 0; id < 4; id++) {
          expectApiError(await own.send('GET', `/api/users/${id}`), 400, 'User not found');
        }
        expectApiError(await own.send('GET', '/api/users/x'), 404, 'Not found');
        expect((await getAs(own, '/api/resource', username, password)).status).to.equal(200);
      });
    });
  });
}
