import { expect } from 'chai';
import { expectDone } from '../../contract/subjects/answers.js';
import { askForCode } from '../../contract/v1/calls.js';
import { putMany, queuedWrites, verify } from '../../unit/cli/erasure-verdict.js';
import { userSuite } from '../../unit/cli/user-suite.js';
import { eventually } from '../../world/eventually.js';
import { KeybinClient, expectOk } from '../../world/clients/keybin-client.js';
import { keybin } from '../../world/processes/keybin-command.js';
import { spawnApi, type ApiProcess } from '../../world/processes/keybin-process.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';

describe('keybin verify-erasure, embedded engine', function () {
  this.timeout(60_000);

  it('prints 0 next to the API when nothing of an account is left, and counts what is left', async () => {
    const env = { KEYBIN_STORE_HOST: `lmdb://${temporaryDirectory()}` };
    const api = await spawnApi({ env });
    try {
      const client = new KeybinClient(api.url);
      const { username, password, token } = await client.newAccount();
      await putMany(client, token, queuedWrites);
      expectOk(await askForCode(client, username));
      expectDone(await client.unregister(username, password));
      await api.kill('SIGKILL');
      const left = await verify(username, env); // the background erasure may or may not have run by now
      expect(left.total).to.equal(left.left['entries']);
      const next = await spawnApi({ env });
      await eventually(async () => (await verify(username, env)).total === 0, 'nothing left', 30_000);
      expectOk(await askForCode(new KeybinClient(next.url), username));
      expect((await verify(username, env)).left).to.include({ identifyCodes: 1 });
      const again = await new KeybinClient(next.url).newAccount(username);
      expectDone(await new KeybinClient(next.url).put(again.token, 'new', 'value'));
      expect(await verify(username, env)).to.include({ total: 0, registered: true });
      await next.stop();
    } finally {
      await api.stop();
    }
  });
});

describe('keybin user, embedded engine', function () {
  this.timeout(60_000);
  const env = { KEYBIN_STORE_HOST: `lmdb://${temporaryDirectory()}`, KEYBIN_APP_PROCESSES: '2' };
  let api: ApiProcess | undefined;
  before(async () => {
    api = await spawnApi({ env });
  });
  after(() => api?.stop());
  const client = () => new KeybinClient(api?.url ?? '', { connection: 'close' }); // either of the two processes
  userSuite(
    {
      get here() {
        return client();
      },
      get there() {
        return client();
      },
    },
    () => env,
  );

  it('with [APP] processes = 1 lists next to the API, and says in one line how to run the other commands', async () => {
    const alone = { KEYBIN_STORE_HOST: `lmdb://${temporaryDirectory()}` };
    const own = await spawnApi({ env: alone });
    try {
      const { username } = await new KeybinClient(own.url).newAccount('ada');
      expect((await keybin(['user', 'list'], alone)).stdout).to.match(/ ada\n$/);
      const { code, stderr } = await keybin(['user', 'disable', username], alone);
      expect(code).to.equal(1);
      expect(stderr).to.match(
        /^keybin: Cannot use [^\n]*: process \d+ has it open, [^\n]*\[APP\] processes = 2 or more for both\n$/,
      );
    } finally {
      await own.stop();
    }
    expect((await keybin(['user', 'disable', 'ada'], alone)).code).to.equal(0);
  });
});
