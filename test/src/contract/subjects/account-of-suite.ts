import { type Account, KeybinClient } from '../../world/clients/keybin-client.js';

/** A client of `url` and an account. Known once the surrounding suite's `before` hooks have run. */
export interface SuiteAccount {
  readonly client: KeybinClient;
  readonly account: Account;
}

/** Gives the surrounding suite an account whose key `kept` holds `kept`. */
export function accountOfSuite(url: () => string): SuiteAccount {
  let account: Account | undefined;

  before('an account', async () => {
    account = await given.client.newAccount();
    await given.client.put(account.token, 'kept', 'kept');
  });

  const given = {
    get client() {
      return new KeybinClient(url());
    },
    get account() {
      if (!account) throw new Error('The account was asked for before it was made');
      return account;
    },
  };
  return given;
}
