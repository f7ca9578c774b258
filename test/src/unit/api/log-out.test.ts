import { expect } from 'chai';
import { logOut } from '@keybin/api/use-cases/log-out.js';
import { closeStores, codeOf, newUser, ownStore } from '../embedded/store.js';
import { withSteps } from '../../world/scale-out/gates.js';
import { times } from '../../world/times.js';

describe('logging out', () => {
  afterEach(closeStores);

  it('of another account is forbidden', async () => {
    const engine = await ownStore();
    const { token } = await newUser(engine);
    await newUser(engine, 'another');
    expect(await codeOf(logOut({ engine, times }, token, 'another'))).to.equal('forbidden');
    await engine.tokens.check(token);
  });

  it('reports an invalid token if its account is deleted meanwhile and the name is registered again', async () => {
    const engine = await ownStore();
    const { account, token } = await newUser(engine, 'name');
    const find = async (username: string) => {
      await engine.accounts.erase(account);
      await newUser(engine, username);
      return engine.accounts.find(username);
    };
    const slow = { ...engine, accounts: withSteps(engine.accounts, { find }) };
    expect(await codeOf(logOut({ engine: slow, times }, token, 'name'))).to.equal('invalid_token');
  });
});
