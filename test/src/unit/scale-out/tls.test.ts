import { randomUUID, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import type { Diagnosis } from '@keybin/shared/ports/operations.js';
import type { PartitionStatus } from '@keybin/shared/ports/partition-status.js';
import { expectDone, expectValue } from '../../contract/subjects/answers.js';
import { scrape } from '../metrics/scrape.js';
import { KeybinClient, send } from '../../world/clients/keybin-client.js';
import { eventually } from '../../world/eventually.js';
import { TlsTerminator } from '../../world/network/tls-terminator.js';
import { keybin, keybinJson, spawnKeybin } from '../../world/processes/keybin-command.js';
import { startApi, startWorker } from '../../world/processes/keybin-service.js';
import { makeCertificates, type Certificates } from '../../world/services/certificates.js';
import { startMongod, type MongoServer } from '../../world/services/mongo-server.js';
import { RedisSentinels } from '../../world/services/redis-sentinels.js';
import { startRedis, type RedisServer } from '../../world/services/redis-server.js';
import { ownServers, programs } from '../../world/services/services.js';

type Env = Readonly<Record<string, string>>;

/** Returns what `keybin doctor` finds wrong, by check. */
function wrongIn(output: string): Record<string, string> {
  const { findings } = JSON.parse(output) as { findings: Diagnosis[] }; // shape asserted in unit/cli/doctor.test.ts
  const wrong = findings.filter(({ state }) => state === 'problem');
  return Object.fromEntries(wrong.map(({ check, says, remedy }) => [check, `${says} → ${remedy}`]));
}

const doctor = async (env: Env) => wrongIn((await keybin(['doctor', '--json'], env)).stdout);

/** Writes and reads by an API, applies by a worker, and looks by `keybin` and at the metrics. */
async function expectServes(env: Env): Promise<void> {
  const [api, worker] = await Promise.all([startApi({ env }), startWorker({ env })]);
  try {
    const client = new KeybinClient(api.url);
    const { token } = await client.newAccount();
    expectDone(await client.put(token, 'key', 1));
    expectValue(await client.get(token, 'key'), 1);
    const isApplied = async () => {
      const { partitions } = await keybinJson<{ partitions: PartitionStatus[] }>(['queue', 'status'], env);
      return partitions.every(({ pendingEntries }) => pendingEntries === 0);
    };
    await eventually(isApplied, 'nothing pending');
    await eventually(async () => Object.keys(await doctor(env)).length === 0, 'nothing wrong');
    const { validTo } = new X509Certificate(readFileSync(env['KEYBIN_QUEUE_TLS_CA'] ?? ''));
    for (const { url } of [api, worker]) {
      const told = (await scrape(url)).of('keybin_certificate_expiration_timestamp_seconds');
      expect(told.map(({ labels }) => labels['setting'])).to.have.members(['[STORE] tls_ca', '[QUEUE] tls_ca']);
      for (const { value } of told) expect(value).to.equal(Date.parse(validTo) / 1_000);
    }
  } finally {
    await Promise.all([api.stop(), worker.stop()]);
  }
}

describe('TLS to Redis and MongoDB', function () {
  this.timeout(60_000);
  programs('openssl');
  ownServers('redis-server', 'redis-sentinel', 'mongod');
  let own: Certificates;
  let other: Certificates;
  let redis: RedisServer;
  let mongod: MongoServer;
  let terminator: TlsTerminator;

  before('servers with certificates of an authority of their own', async () => {
    [own, other] = [makeCertificates(), makeCertificates()];
    [redis, mongod] = await Promise.all([startRedis({ tls: own }), startMongod()]);
    terminator = await TlsTerminator.start(mongod.port, own);
  });
  after(async () => {
    terminator?.close();
    await Promise.all([redis?.stop(), mongod?.stop()]);
  });

  /** Returns the settings of a new store whose queue is at `redisUrl`. */
  const envOf = (redisUrl: string): Env => ({
    KEYBIN_STORE_HOST: `mongodb://127.0.0.1:${terminator.port}/?tls=true`,
    KEYBIN_STORE_DATABASE: `keybin_test_${randomUUID().replaceAll('-', '')}`,
    KEYBIN_STORE_TLS_CA: own.ca,
    KEYBIN_QUEUE_REDIS: redisUrl,
    KEYBIN_QUEUE_TLS_CA: own.ca,
  });

  it('is used with the authority of tls_ca', () => expectServes(envOf(redis.url)));

  it('is used to sentinels, and to the primary that they name', async () => {
    const sentinels = await RedisSentinels.start(redis);
    try {
      expect(sentinels.url).to.match(/^rediss\+sentinel:/);
      await expectServes(envOf(sentinels.url));
    } finally {
      await sentinels.stop();
    }
  });

  it('is used to the nodes of a Redis Cluster', async () => {
    const address = ['--cluster-announce-ip', '127.0.0.1'];
    const node = await startRedis({ tls: own, args: ['--cluster-enabled', 'yes', '--tls-cluster', 'yes', ...address] });
    const admin = new Redis(node.url, { tls: { ca: readFileSync(own.ca) } });
    try {
      await admin.cluster('ADDSLOTSRANGE', 0, 16_383);
      await eventually(async () => (await admin.cluster('INFO')).includes('cluster_state:ok'), 'a cluster');
      await expectServes(envOf(`rediss+cluster://localhost:${node.port}`)); // from there on by its address
    } finally {
      admin.disconnect();
      await node.stop();
    }
  });

  it('refuses a certificate of another authority, and says so', async () => {
    const { KEYBIN_STORE_TLS_CA: _store, KEYBIN_QUEUE_TLS_CA: _queue, ...without } = envOf(redis.url);
    for (const ca of [{}, { KEYBIN_STORE_TLS_CA: other.ca, KEYBIN_QUEUE_TLS_CA: other.ca }]) {
      const wrong = await doctor({ ...without, ...ca });
      expect(wrong['redis']).to.match(/certificate.* → .*\[QUEUE\] redis or tls_ca/);
      expect(wrong['mongodb']).to.match(/certificate.* → .*\[STORE\] host or tls_ca/);
    }
  });

  it('refuses a certificate for another host', async () => {
    const tls = makeCertificates({ names: 'DNS:elsewhere.example' });
    const server = await startRedis({ tls });
    try {
      const wrong = await doctor({ ...envOf(server.url), KEYBIN_QUEUE_TLS_CA: tls.ca });
      expect(wrong['redis']).to.include("does not match certificate's altnames");
    } finally {
      await server.stop();
    }
  });

  it('trusts the authority of tls_ca instead of those that Node knows', async () => {
    const { KEYBIN_STORE_TLS_CA: _store, ...env } = envOf(redis.url);
    const known = { NODE_EXTRA_CA_CERTS: own.ca, KEYBIN_QUEUE_TLS_CA: other.ca };
    const child = spawnKeybin(['--config', '/dev/null', 'doctor', '--json'], { ...env, ...known });
    await child.exited;
    const wrong = wrongIn(child.output);
    expect(wrong['redis']).to.include('certificate');
    expect(wrong).not.to.have.property('mongodb');
  });

  it('is not resumed by a process when the certificate changes to one of another authority', async () => {
    const tls = makeCertificates();
    const server = await startRedis({ tls });
    const env = { ...envOf(server.url), KEYBIN_QUEUE_TLS_CA: tls.ca };
    const original = readFileSync(tls.ca);
    const api = await startApi({ env });
    try {
      await server.kill('SIGKILL');
      expect(readFileSync(makeCertificates({ directory: dirname(tls.ca) }).ca).equals(original)).to.equal(false);
      await server.start();
      const problem = async () => {
        const { dependencies } = (await send(api.url, 'GET', '/readyz')).json as {
          dependencies: { redis: { problem?: string } };
        }; // see docs/interfaces/service.md
        return dependencies.redis.problem === 'certificate refused';
      };
      await eventually(problem, 'the reason in /readyz');
    } finally {
      await api.stop();
      await server.stop();
    }
  });
});
