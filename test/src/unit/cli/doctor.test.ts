import { randomBytes, X509Certificate } from 'node:crypto';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { MongoClient } from 'mongodb';
import { certificates, nodeVersion } from '@keybin/cli/doctor/settings.js';
import { loadConfig } from '@keybin/shared/config/load/load-config.js';
import type { Diagnosis } from '@keybin/shared/ports/operations.js';
import { expectDone } from '../../contract/subjects/answers.js';
import { wrongClock } from '../../world/disks/wrong-clock.js';
import { KeybinClient } from '../../world/clients/keybin-client.js';
import { eventually } from '../../world/eventually.js';
import { unusedPort } from '../../world/processes/some-port.js';
import { keybin } from '../../world/processes/keybin-command.js';
import { startApi } from '../../world/processes/keybin-service.js';
import { startRedis } from '../../world/services/redis-server.js';
import { ScaleOutWorld } from '../../world/services/scale-out-world.js';
import { ownServices, programs } from '../../world/services/services.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';

/** Returns the findings that are not ok, after checking the exit code and the remedies. */
async function findings(
  env: Readonly<Record<string, string>>,
  args: readonly string[] = [],
): Promise<Map<string, string>> {
  const { code, stdout, stderr } = await keybin(['doctor', '--json', ...args], env);
  expect(stderr).to.equal('');
  const all = (JSON.parse(stdout) as { findings: Diagnosis[] }).findings; // shape asserted below
  expect(all.length).to.be.above(3);
  // Node itself may be old
  const wrong = all.filter(({ check, state }) => state !== 'ok' && check !== 'node');
  for (const { remedy } of wrong) expect(remedy).to.be.a('string').that.is.not.equal('');
  expect(code).to.equal(wrong.some(({ state }) => state === 'problem') ? 1 : 0);
  return new Map(wrong.map(({ check, says, remedy }) => [check, `${says} → ${remedy}`]));
}

describe('keybin doctor, embedded engine', function () {
  this.timeout(60_000);

  it('finds no problem in a healthy store, and reports each check in a line', async () => {
    const env = { KEYBIN_STORE_HOST: `lmdb://${join(temporaryDirectory(), 'data')}` };
    expect([...(await findings(env)).keys()]).to.deep.equal(['store']); // a warning: there is no store yet
    await keybin(['prepare'], env);
    expect(await findings(env)).to.deep.equal(new Map());
    const { code, stdout } = await keybin(['doctor'], env);
    expect(code).to.equal(0);
    expect(stdout)
      .to.match(/^ok +store: LMDB in .* is readable and has format \d+$/m)
      .and.match(/^ok +disk: /m);
  });

  it('finds readable files, weak secrets and cheap hashes, each with its remedy', async () => {
    const cwd = temporaryDirectory();
    const env = { KEYBIN_STORE_HOST: `lmdb://${cwd}/data` };
    await keybin(['prepare'], env);
    chmodSync(join(cwd, 'data'), 0o755);
    const secret = 'a'.repeat(40);
    const file = ['--config', join(cwd, 'store.cfg')];
    writeFileSync(join(cwd, 'store.cfg'), `[ACCOUNTS]\nbcrypt_cost = 4\nsigning_secret = ${secret}\n`, { mode: 0o644 });
    const { stdout } = await keybin(['doctor', ...file], env);
    expect(stdout).not.to.include(secret);
    expect(stdout).to.match(/^problem +permissions: .*store\.cfg.*all users can access it\n +→ chmod o-rwx /m);
    const wrong = await findings(env, file);
    expect([...wrong.keys()].sort()).to.deep.equal(['bcrypt cost', 'permissions', 'secrets']);
    expect(wrong.get('permissions')).to.match(/other users can access .*data \(755\).* → chmod -R go-rwx /);
  });

  it('finds a secret in a readable file as it is written there', async () => {
    const cwd = temporaryDirectory();
    const env = { KEYBIN_STORE_HOST: `lmdb://${cwd}/data` };
    await keybin(['prepare'], env);
    for (const lines of [
      '[ADMIN]\nuser = ada\npassword = fair%%enough%%for%%a%%test\n',
      `[V1]\ncode_delivery = webhook\nwebhook_url = http://127.0.0.1:1/\nwebhook_secret = ${randomBytes(32).toString('base64')}\n`,
    ]) {
      writeFileSync(join(cwd, 'store.cfg'), lines, { mode: 0o644 });
      expect((await findings(env, ['--config', join(cwd, 'store.cfg')])).get('permissions')).to.match(
        /store\.cfg.*all users can access it/,
      );
    }
  });

  it('finds that strangers can get an identify code, or need none', async () => {
    const cwd = temporaryDirectory();
    const store = { KEYBIN_STORE_HOST: `lmdb://${cwd}/data` };
    await keybin(['prepare'], store);
    const found = async (env: Readonly<Record<string, string>>) =>
      (await findings({ ...store, ...env })).get('registration') ?? '';
    const proxied = { KEYBIN_APP_TRUST_PROXY: '1' };
    expect(await found(proxied)).to.match(
      /code_delivery = response, and the API is behind a proxy: .* → set it to web/,
    );
    expect(await found({ ...proxied, KEYBIN_V1_CODE_DELIVERY: 'log' })).to.include('all who can read the log');
    expect(await found({ ...proxied, KEYBIN_ACCOUNTS_REGISTRATION: 'off' })).to.equal('');
    expect(await found({ ...proxied, KEYBIN_APP_DIALECTS: 'keybin' })).to.equal('');
    const webhook = {
      KEYBIN_V1_CODE_DELIVERY: 'webhook',
      KEYBIN_V1_WEBHOOK_URL: 'http://127.0.0.1:1/',
      KEYBIN_V1_WEBHOOK_SECRET: randomBytes(32).toString('base64'),
    };
    expect(await found(webhook)).to.match(/dialects has keybin, api: clients can register .* → set .* to code/);
    expect(await found({ ...webhook, KEYBIN_ACCOUNTS_REGISTRATION: 'code' })).to.equal('');
    expect(await found({ ...webhook, KEYBIN_APP_DIALECTS: 'v1' })).to.equal('');
  });

  it('lists names that only case tells apart, if they should be distinct', async () => {
    const store = { KEYBIN_STORE_HOST: `lmdb://${temporaryDirectory()}/data` };
    const api = await startApi({ env: store });
    const client = new KeybinClient(api.url);
    for (const name of ['ada', 'Bob', 'BOB', 'bob']) expectDone(await client.register(name, 'p'));
    await api.stop();
    const distinct = { ...store, KEYBIN_ACCOUNTS_DISTINCT_NAMES: 'on' };
    expect((await findings(distinct)).get('usernames')).to.include(': "BOB" and "Bob" and "bob" → ');
    expect((await findings(store)).get('usernames')).to.equal(undefined);
  });

  it('finds a directory that is not a store', async () => {
    const cwd = temporaryDirectory();
    writeFileSync(join(cwd, 'data.mdb'), 'something else'.repeat(1_000));
    const wrong = await findings({ KEYBIN_STORE_HOST: `lmdb://${cwd}` });
    expect(wrong.get('store')).to.include('not an LMDB file');
  });
});

describe('keybin doctor', () => {
  it('warns of a Node without security fixes, and refuses one that is too old', () => {
    expect(nodeVersion('20.20.2', Date.parse('2026-04-29')).state).to.equal('ok');
    expect(nodeVersion('20.20.2', Date.parse('2026-11-01'))).to.include({ state: 'warning' });
    expect(nodeVersion('24.1.0', Date.parse('2026-11-01')).state).to.equal('ok');
    expect(nodeVersion('26.0.0', Date.parse('2026-11-01')).state).to.equal('ok');
    expect(nodeVersion('20.18.0', Date.parse('2024-11-01')).state).to.equal('problem');
  });
});

describe('keybin doctor, certificates', () => {
  const [pem = ''] = rootCertificates;
  const { subject, validTo } = new X509Certificate(pem);
  const path = join(temporaryDirectory(), 'ca.pem');
  writeFileSync(path, pem);
  const config = loadConfig(['--config', '/dev/null'], {
    KEYBIN_STORE_HOST: 'mongodb://h',
    KEYBIN_QUEUE_REDIS: 'rediss://h',
    KEYBIN_QUEUE_TLS_CA: path,
  });
  const [dayMs, day] = [86_400_000, new Date(validTo).toISOString().slice(0, 10)];
  const name = subject.replaceAll('\n', ', ');

  it('names one that has expired, or will within two weeks', () => {
    for (const [daysLeft, state, says] of [
      [15, 'ok', `the first certificate to expire is that of "${name}", on ${day}`],
      [13, 'warning', `"${name}" in ${path} ([QUEUE] tls_ca) expires on ${day}`],
      [-1, 'problem', `"${name}" in ${path} ([QUEUE] tls_ca) expired on ${day}`],
    ] as const) {
      const [found, ...others] = certificates(config, Date.parse(validTo) - daysLeft * dayMs);
      expect(found).to.include({ check: 'certificates', state, says });
      expect(others).to.deep.equal([]);
    }
  });
});

describe('keybin doctor, scale-out engine', function () {
  this.timeout(90_000);
  const world = new ScaleOutWorld({ services: ownServices });
  const env = () => world.services.env;

  it('finds no problem in healthy services, and that no worker runs', async () => {
    expect([...(await findings(env())).keys()]).to.deep.equal(['worker']);
    const worker = await world.startWorker();
    await eventually(async () => (await findings(env())).size === 0, 'nothing wrong', 30_000);
    await worker.stop();
  });

  it('finds settings of Redis that lose writes, and indexes that are missing', async () => {
    const redis = new Redis(world.services.redisUrl);
    const client = await MongoClient.connect(world.services.mongoUrl);
    try {
      await redis.config('SET', 'appendfsync', 'everysec');
      await client.db(world.services.database).collection('users').dropIndex('number_1');
      const wrong = await findings(env());
      expect(wrong.get('redis settings')).to.match(/appendfsync 'everysec'.*set 'appendfsync always'/);
      expect(wrong.get('indexes')).to.match(/missing: users \{"number":1\} → run 'keybin prepare'/);
    } finally {
      await redis.config('SET', 'appendfsync', 'always');
      redis.disconnect();
      await client.close();
    }
  });

  it('finds a paused queue, and rejected writes', async () => {
    const { token } = await world.here.newAccount();
    const client = await MongoClient.connect(world.services.mongoUrl);
    const validate = (validator: object) => client.db(world.services.database).command({ collMod: 'store', validator });
    const worker = await world.startWorker();
    try {
      expectDone(await world.here.put(token, 'first', 1)); // creates the collection
      await world.drained();
      await validate({ value: { $not: /POISON/ } });
      expectDone(await world.here.put(token, 'k', 'POISON'));
      const wrong = async () => [...(await findings(env()))].map(([check]) => check);
      await eventually(async () => (await wrong()).join() === 'rejected writes', 'a rejected write', 30_000);
      await keybin(['queue', 'pause'], env());
      expect(await wrong()).to.deep.equal(['pause', 'rejected writes']);
      await keybin(['queue', 'resume'], env());
      await validate({});
      await keybin(['queue', 'retry', '--all'], env());
      await eventually(async () => (await wrong()).length === 0, 'nothing wrong', 30_000);
    } finally {
      await worker.stop();
      await client.close();
    }
  });

  it('names the cause first: without MongoDB it does not report a missing worker', async () => {
    const lost = { ...env(), KEYBIN_STORE_HOST: `mongodb://127.0.0.1:${unusedPort}` };
    expect([...(await findings(lost)).keys()]).to.deep.equal(['mongodb']);
  });

  it('finds servers without a password, open registration, and a proxy that can be passed by', async () => {
    const open = {
      KEYBIN_STORE_HOST: 'mongodb://mongo.example.org',
      KEYBIN_QUEUE_REDIS: 'redis://redis.example.org',
      KEYBIN_APP_HOST: '0.0.0.0',
      KEYBIN_APP_TRUST_PROXY: '1',
    };
    const wrong = await findings(open);
    expect([...wrong.keys()]).to.include.members(['passwords', 'registration', 'trust_proxy']);
  });

  describe('with another clock', () => {
    programs('faketime');

    it('finds that the clock of Redis is wrong', async () => {
      const redis = await startRedis({ env: wrongClock('-1h') });
      try {
        const wrong = await findings({ ...env(), KEYBIN_QUEUE_REDIS: redis.url });
        expect(wrong.get('redis clock')).to.match(/Redis and this machine differ by 3[56]\d\d\.\d s → synchronize/);
        expect([...wrong.keys()]).not.to.include('mongodb clock');
      } finally {
        await redis.stop();
      }
    });
  });

  it('reports what is down, and checks the rest', async () => {
    const away = { ...env(), KEYBIN_QUEUE_REDIS: `redis://127.0.0.1:${unusedPort}` };
    expect((await findings(away)).get('redis')).to.match(/cannot be reached.* → start Redis/);
    const lost = { ...env(), KEYBIN_STORE_HOST: `mongodb://127.0.0.1:${unusedPort}` };
    expect((await findings(lost)).get('mongodb')).to.match(/MongoDB cannot be used.* → start MongoDB/);
  });
});
