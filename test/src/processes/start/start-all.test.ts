import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { expectDone, expectValue } from '../../contract/subjects/answers.js';
import { Child } from '../../world/processes/child.js';
import { KeybinClient } from '../../world/clients/keybin-client.js';
import { runs } from '../../world/processes/runs.js';
import { services } from '../../world/services/services.js';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const startTimeoutMs = 60_000;

describe('npm run start:all', function () {
  this.timeout(2 * startTimeoutMs);
  const servers = services();

  const endings = {
    'SIGTERM to npm': ({ pid }: Child) => process.kill(pid, 'SIGTERM'),
    'SIGINT to npm': ({ pid }: Child) => process.kill(pid, 'SIGINT'),
    'Ctrl-C, which reaches all of the terminal': ({ pid }: Child) => process.kill(-pid, 'SIGINT'),
  };

  for (const [ending, end] of Object.entries(endings)) {
    it(`serves with API and worker until ${ending}, then drains and leaves no process behind`, async () => {
      const { child, client } = await startAll(servers.env);
      const { token } = await client.newAccount();
      expectDone(await client.put(token, 'a', 'kept'));
      expectValue(await client.get(token, 'a'), 'kept');
      const pids = [...child.output.matchAll(/^(?:web|worker) *\| .*"pid":(\d+)/gm)].map(([, pid]) => Number(pid));
      expect(new Set(pids)).to.have.lengthOf(2);
      end(child);
      await child.exited;
      expect(pids.filter(runs)).to.deep.equal([]);
      expect(child.output)
        .to.match(/^web ended with code 0$/m)
        .and.match(/^worker ended with code 0$/m);
    });
  }
});

/** Starts all and resolves once the API answers and the worker has printed its first line. */
async function startAll(env: Readonly<Record<string, string>>): Promise<{ child: Child; client: KeybinClient }> {
  const settings = { ...env, PORT: '0', KEYBIN_WORKER_PORT: '0', KEYBIN_ACCOUNTS_BCRYPT_COST: '4' };
  const child = new Child('npm run start:all', 'npm', ['run', 'start:all'], { cwd: root, env: settings });
  const url = await child.says(/Keybin listens on (http:[^,]+)/);
  await child.says(/^worker \| \{/m);
  return { child, client: new KeybinClient(url) };
}
