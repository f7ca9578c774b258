import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expectDone, expectValue } from '../../contract/subjects/answers.js';
import { expectFull, fullAccount, type Env } from '../../unit/transfer/transfer-world.js';
import { KeybinClient } from '../../world/clients/keybin-client.js';
import { spawnApi } from '../../world/processes/keybin-process.js';
import { startApi, startWorker } from '../../world/processes/keybin-service.js';
import type { RunningApi } from '../../world/processes/running.js';
import { startMongod } from '../../world/services/mongo-server.js';
import { startRedis } from '../../world/services/redis-server.js';
import { ownServers, settingsOf } from '../../world/services/services.js';
import { queueIdIn } from '../../world/services/queue-prefix.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';
import { blocksOf, readPage } from './pages.js';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const page = readPage('docs/operations/backup-and-restore.md');
const documented = {
  folder: '/var/backups/keybin',
  newDirectory: 'lmdb:///var/lib/keybin-restored',
  newMongo: 'mongodb://new.example.org:27017',
  queue: '1a2b3c4d',
};
const run = promisify(execFile);

/** Runs the steps below a heading, with other paths than those of the page. Throws if one fails. */
async function follow(heading: string, env: Env, places: Partial<typeof documented>): Promise<void> {
  const steps = blocksOf(page).filter((block) => block.language === 'sh' && block.heading === heading);
  let script = steps.map(({ text }) => text).join('\n');
  for (const [name, place] of Object.entries(places)) {
    const shown = documented[name as keyof typeof documented]; // the keys of `places`
    if (!script.includes(shown)) throw new Error(`The steps of "${heading}" do not name ${shown}`);
    script = script.replaceAll(shown, place);
  }
  await run('bash', ['-e', '-c', script], { cwd: root, env: { ...process.env, ...env } });
}

/** Serves a store while `work` runs. `start`: `spawnApi` for an embedded store that commands use meanwhile. */
async function serving<T>(
  env: Env,
  work: (client: KeybinClient) => Promise<T>,
  start: (options: { env: Env }) => Promise<RunningApi> = startApi,
): Promise<T> {
  const api = await start({ env });
  try {
    return await work(new KeybinClient(api.url));
  } finally {
    await api.stop();
  }
}

describe('the steps in docs/operations/backup-and-restore.md', function () {
  this.timeout(300_000);

  it('back up an embedded service and restore it into a new directory', async () => {
    const folder = `${temporaryDirectory()}/backups`;
    const env = { KEYBIN_STORE_HOST: `lmdb://${temporaryDirectory()}` };
    const account = await serving(
      env,
      async (client) => {
        const made = await fullAccount(client);
        await follow('Back up', env, { folder });
        return made;
      },
      spawnApi,
    );
    const newDirectory = `lmdb://${temporaryDirectory()}`;
    await follow('Restore into a new store', env, { folder, newDirectory });
    await serving({ KEYBIN_STORE_HOST: newDirectory }, (client) => expectFull(client, account));
  });

  describe('with the scale-out engine', () => {
    ownServers('redis-server', 'mongod');

    it('back it up, and restore what was pending when MongoDB was lost', async () => {
      const folder = `${temporaryDirectory()}/backups`;
      const redis = await startRedis();
      const lost = await startMongod();
      const env = settingsOf({ mongoUrl: lost.url, database: 'keybin', redisUrl: redis.url });
      const account = await serving(env, async (client) => {
        const made = await fullAccount(client); // no worker runs, so its entries are in Redis only
        await follow('Back up', env, { folder });
        const session = await client.logIn(made.username, made.password);
        expectDone(await client.put(session, 'odd_0', 'newer than the backup'));
        return made;
      });
      await lost.stop();
      const mongod = await startMongod();
      const queue = await queueIdIn(redis.url);
      await follow('MongoDB is lost, Redis is not', env, { folder, newMongo: mongod.url, queue });
      const restored = { ...env, KEYBIN_STORE_HOST: mongod.url };
      const worker = await startWorker({ env: restored });
      await serving(restored, async (client) => {
        const again = await client.logIn(account.username, account.password);
        expectValue(await client.get(again, 'odd_0'), 'newer than the backup');
        expectDone(await client.put(again, 'odd_0', account.values.get('odd_0')));
        await expectFull(client, account);
      });
      await worker.stop();
      await mongod.stop();
      await redis.stop();
    });
  });
});
