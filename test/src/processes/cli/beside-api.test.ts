import { expect } from 'chai';
import { expectDone } from '../../contract/subjects/answers.js';
import { askForCode } from '../../contract/v1/calls.js';
import { putMany, queuedWrites, verify } from '../../unit/cli/verify-erasure.js';
import { userSuite } from '../../unit/cli/user-suite.js';
import { eventually } from '../../world/eventually.js';
import { KeybinClient, expectOk } from '../../world/clients/keybin-client.js';
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

for (const processes of ['1', '2']) {
  describe(`keybin user, embedded engine with [APP] processes = ${processes}`, function () {
    this.timeout(60_000);
    const env = { KEYBIN_STORE_HOST: `lmdb://${temporaryDirectory()}`, KEYBIN_APP_PROCESSES: processes };
    let api: ApiProcess | undefined;
    before(async () => {
      api = await spawnApi({ env });
    });
    after(() => api?.stop());
    const client = () => new KeybinClient(api?.url ?? '', { connection: 'close' }); // any of the processes
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
  });
}
