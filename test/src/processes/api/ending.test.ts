import { expect } from 'chai';
import { eventually } from '../../world/eventually.js';
import { KeybinClient } from '../../world/clients/keybin-client.js';
import { spawnApi, type ApiProcess, type ProcessOptions } from '../../world/processes/keybin-process.js';
import { RawConnection } from '../../world/clients/raw-connection.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';

describe('an API process that is told to shut down', () => {
  let api: ApiProcess;
  let token: string;
  let upload: RawConnection;

  /** Starts an API and sends it half a write. */
  async function startUpload(options: ProcessOptions = {}): Promise<void> {
    api = await spawnApi(options);
    const client = new KeybinClient(api.url);
    ({ token } = await client.newAccount());
    upload = await RawConnection.open(api.url);
    const head = `POST /user/${token}/store/k HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n`;
    upload.send(`${head}Content-Length: 16\r\n\r\n{"value":`);
    await client.keys(token); // its answer shows that the half request was read
  }

  async function draining(): Promise<void> {
    await eventually(() => api.child.output.includes('draining'), 'the drain');
  }

  afterEach(async () => {
    upload.destroy();
    api.child.killGroup();
    await api.child.exited;
  });

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`by ${signal} answers the requests that it had accepted, durably, and exits 0`, async () => {
      const cwd = temporaryDirectory();
      await startUpload({ cwd });
      await api.kill(signal);
      await draining();
      upload.send('"kept"}');
      expect(await upload.closed()).to.match(/^HTTP\/1\.1 200 [^]*Connection: close[^]*\{"result":"ok"\}$/);
      expect((await api.child.exited).code).to.equal(0);
      api = await spawnApi({ cwd });
      expect((await new KeybinClient(api.url).get(token, 'k')).json).to.deep.equal({ value: 'kept' });
    });
  }

  it('exits at once on a second signal, with an exit code of its own', async () => {
    await startUpload({ env: { KEYBIN_LIMITS_DRAIN_TIMEOUT: '60' } });
    await api.kill('SIGTERM');
    await draining();
    // A second signal right after the first is its echo
    await eventually(async () => api.kill('SIGTERM').then(() => !api.child.alive), 'the end');
    expect((await api.child.exited).code).to.equal(1);
  });

  it('exits when its time to drain is over', async () => {
    await startUpload({ env: { KEYBIN_LIMITS_DRAIN_TIMEOUT: '1' } });
    await api.kill('SIGTERM');
    expect((await api.child.exited).code).to.equal(1);
  });
});
