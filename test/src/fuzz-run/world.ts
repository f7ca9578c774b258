import type { Child } from '../world/processes/child.js';
import { spawnApi, spawnWorker } from '../world/processes/keybin-process.js';
import { startMongod } from '../world/services/mongo-server.js';
import { startRedis } from '../world/services/redis-server.js';
import { temporaryDirectory } from '../world/processes/temporary-directory.js';
import { tellMemory } from './memory.js';

export type EngineName = 'embedded' | 'scale-out';

export interface FuzzWorld {
  readonly url: string;
  readonly port: number;
  /** Keybin's processes by name. */
  readonly processes: Readonly<Record<string, Child>>;
  /** Returns their output. */
  output(): string;
  /** Shuts all processes down. Throws if one does not exit as it should. */
  close(): Promise<void>;
}

const ownSettings = {
  // Tokens live as long as the run, and any client may send the headers of a proxy
  KEYBIN_STORE_TOKEN_EXPIRATION: '86400',
  KEYBIN_V1_TOKEN_EXPIRATION: '86400',
  KEYBIN_ACCOUNTS_SIGNED_TOKEN_EXPIRATION: '86400',
  KEYBIN_ACCOUNTS_CLIENTS_PER_ACCOUNT: '100000',
  KEYBIN_APP_TRUST_PROXY: '1',
  KEYBIN_LIMITS_REQUEST_TIMEOUT: '2',
  // A process that keeps too much memory dies with so little room
  NODE_OPTIONS: `--import ${tellMemory} --max-old-space-size=128`,
};

/** Starts the processes. `settings` are added to those of every run. */
export async function openWorld(
  engine: EngineName,
  settings: Readonly<Record<string, string>> = {},
): Promise<FuzzWorld> {
  const all = { ...ownSettings, ...settings };
  return engine === 'embedded' ? openEmbedded(all) : openScaleOut(all);
}

async function openEmbedded(env: Readonly<Record<string, string>>): Promise<FuzzWorld> {
  const api = await spawnApi({ env: { ...env, KEYBIN_STORE_HOST: `lmdb://${temporaryDirectory()}` } });
  return {
    url: api.url,
    port: api.port,
    processes: { API: api.child },
    output: () => api.child.output,
    close: () => api.stop(),
  };
}

async function openScaleOut(env: Readonly<Record<string, string>>): Promise<FuzzWorld> {
  const [redis, mongod] = await Promise.all([startRedis(), startMongod()]);
  const services = { KEYBIN_STORE_HOST: mongod.url, KEYBIN_QUEUE_REDIS: redis.url };
  const [api, worker] = await Promise.all([
    spawnApi({ env: { ...env, ...services } }),
    spawnWorker({ env: { ...env, ...services } }),
  ]);
  return {
    url: api.url,
    port: api.port,
    processes: { API: api.child, worker: worker.child },
    output: () => api.child.output + worker.child.output,
    async close() {
      await Promise.all([api.stop(), worker.stop()]);
      await Promise.all([redis.stop(), mongod.stop()]);
    },
  };
}
