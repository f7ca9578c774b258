import { expect } from 'chai';
import { expectDone, expectError, expectValue } from '../../contract/subjects/answers.js';
import { expectGreeting, expectUnauthorized, getAs, signedToken } from '../../contract/api/calls.js';
import type { Subject } from '../../contract/subjects/subject.js';
import { expectRefusedToken, expectV1Error, login, v1Token, view } from '../../contract/v1/calls.js';
import { keybin, keybinJson } from '../../world/processes/keybin-command.js';
import { expectOk } from '../../world/clients/keybin-client.js';

interface Users {
  readonly users: readonly { name: string; number: number; disabled: boolean }[];
}

/** Tests `keybin user` next to processes that serve the same data. `env` returns their settings. */
export function userSuite(subject: Pick<Subject, 'here' | 'there'>, env: () => Readonly<Record<string, string>>): void {
  const user = (...args: string[]) => keybinJson(['user', ...args], env());

  it('disable blocks logins and tokens of every dialect, through every process, at once, and keeps the data', async () => {
    const { here, there } = subject;
    const { username, password, token } = await here.newAccount();
    expectDone(await here.put(token, 'kept', 'value'));
    const signed = await signedToken(here, username, password);
    const v1 = await v1Token(here, { username, password });
    for (const each of [here, there]) {
      expectValue(await each.get(token, 'kept'), 'value');
      expectGreeting(await getAs(each, '/api/resource', signed, 'x'), username);
      expectOk(await view(each, username, v1));
    }

    expect(await user('disable', username)).to.deep.equal({ name: username, disabled: true });
    for (const each of [there, here]) {
      expectError(await each.get(token, 'kept'), 403, 'Invalid token');
      expectError(await each.put(token, 'other', 'value'), 403, 'Invalid token');
      expectError(await each.keys(token), 403, 'Invalid token');
      expectError(await each.token(username, password), 403, 'Invalid credentials');
      expectError(await each.unregister(username, password), 403, 'Invalid credentials');
      expectUnauthorized(await getAs(each, '/api/resource', signed, 'x'));
      expectUnauthorized(await getAs(each, '/api/token', username, password));
      expectRefusedToken(await view(each, username, v1));
      expectV1Error(await login(each, username, password), 401, 'Invalid credentials');
      expectError(await each.register(username, password), 409, 'User already registered');
    }

    expect(await user('enable', username)).to.deep.equal({ name: username, disabled: false });
    for (const each of [there, here]) {
      expectError(await each.get(token, 'kept'), 403, 'Invalid token');
      expectUnauthorized(await getAs(each, '/api/resource', signed, 'x'));
      expectRefusedToken(await view(each, username, v1));
    }
    const fresh = await there.logIn(username, password);
    expectValue(await here.get(fresh, 'kept'), 'value');
    expectDone(await here.put(fresh, 'other', 'value'));
    expectGreeting(await getAs(here, '/api/resource', await signedToken(there, username, password), 'x'), username);
    expectOk(await view(here, username, await v1Token(there, { username, password })));
  });

  it('disable and enable may be repeated', async () => {
    const { username, password } = await subject.here.newAccount();
    for (let times = 0; times < 2; times++) {
      await user('disable', username);
      await user('disable', username);
      expectError(await subject.there.token(username, password), 403, 'Invalid credentials');
      await user('enable', username);
      await user('enable', username);
      await subject.there.logIn(username, password);
    }
  });

  it('list has every account, with its number and whether it is disabled', async () => {
    const [one, other] = [await subject.here.newAccount(), await subject.there.newAccount('Zoë "🐝"')];
    await user('disable', other.username);
    const { users } = (await user('list')) as Users; // shape asserted below
    const listed = [one, other].map(({ username }) => users.find(({ name }) => name === username));
    expect(listed.map((each) => each?.disabled)).to.deep.equal([false, true]);
    expect(users.map(({ number }) => number)).to.deep.equal(users.map(({ number }) => number).sort((a, b) => a - b));
    const { stdout } = await keybin(['user', 'list'], env());
    expect(stdout)
      .to.match(/^ *number .*\n/)
      .and.match(/disabled +Zoë "🐝"\n/);
  });

  it('erase deletes an account as unregister does', async () => {
    const { here, there } = subject;
    const { username, password, token } = await here.newAccount();
    expectDone(await here.put(token, 'gone', 'value'));
    expect(await user('erase', username)).to.deep.equal({ name: username, erased: true });
    expectError(await there.get(token, 'gone'), 403, 'Invalid token');
    expectError(await there.token(username, password), 403, 'Invalid credentials');
    const again = await there.newAccount(username);
    expectError(await here.get(again.token, 'gone'), 404, "Key 'gone' not found");
  });

  it('says in one line that there is no such account, and exits with 1', async () => {
    for (const command of ['disable', 'enable', 'erase']) {
      const { code, stdout, stderr } = await keybin(['user', command, 'nobody'], env());
      expect({ code, stdout, stderr }).to.deep.equal({
        code: 1,
        stdout: '',
        stderr: "keybin: there is no account 'nobody'\n",
      });
    }
  });
}
