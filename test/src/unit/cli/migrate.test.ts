import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { Binary, Decimal128, Long, MongoClient, ObjectId, type Db } from 'mongodb';
import { expectDone, expectJson, expectKeys, expectValue } from '../../contract/subjects/answers.js';
import { KeybinClient } from '../../world/clients/keybin-client.js';
import { keybin } from '../../world/processes/keybin-command.js';
import { startApi } from '../../world/processes/keybin-service.js';

import { services } from '../../world/services/services.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';

const password = 'an old password';
const passwordHash = '$2b$04$VBLYCnIeTOBzUwKI9Hcld.ZFzYYPOdu1fwSGuru2aD62sKsEzITTe';

const ada = { username: 'ada', password: passwordHash, user_id: '0c4f6ae6-6b9a-4a3e-8f6e-4c6b1f5d2a01' };
const bob = {
  username: 'Bob 🐝',
  password: new Binary(Buffer.from(passwordHash)),
  user_id: '9c4f6ae6-6b9a-4a3e-8f6e-4c6b1f5d2a02',
};

/** A value of each JSON type, with the text that reads return. */
const kept: readonly [key: string, value: unknown, json: string][] = [
  ['string', 'text "ä" 🐝\n', JSON.stringify('text "ä" 🐝\n')],
  ['empty', '', '""'],
  ['int', 42, '42'],
  ['long', Long.fromString('9007199254740993'), '9007199254740993'],
  ['double', 0.1, '0.1'],
  ['large', 1e300, '1e+300'],
  ['boolean', false, 'false'],
  ['array', [1, [null, 'x'], {}], '[1,[null,"x"],{}]'],
  ['object', { a: { b: null, 'c d': [true] } }, '{"a":{"b":null,"c d":[true]}}'],
];

/** Values that only a direct write into the database can have made. */
const lost: readonly [key: string, value: unknown][] = [
  ['date', new Date(0)],
  ['deep', { in: [new ObjectId()] }],
  ['decimal', Decimal128.fromString('1.10')],
  ['bytes', new Binary(Buffer.from('x'))],
  ['nan', NaN],
  ['null', null],
  ['regexp', /x/],
  ['bad key', 'value'],
];

async function fill(db: Db): Promise<void> {
  await db
    .collection('users')
    .insertMany([{ ...ada }, { ...bob }, { username: 'eve', password: 'plain', user_id: 'x' }]);
  await db
    .collection('tokens')
    .insertOne({ token: 'old', user_id: ada.user_id, client_id: 'default', created_at: new Date() });
  const values = [...kept, ...lost].map(([key, value]) => ({ key, value, user_id: ada.user_id }));
  const rest = [
    { key: 'own', value: "Bob's", user_id: bob.user_id },
    { key: 'own', value: 'a second one', user_id: bob.user_id },
    { key: 'orphan', value: 1, user_id: '5c4f6ae6-6b9a-4a3e-8f6e-4c6b1f5d2a03' },
  ];
  await db.collection('store').insertMany([...values, ...rest]);
}

async function expectTakenOver(client: KeybinClient): Promise<void> {
  const token = await client.logIn(ada.username, password);
  expectKeys(
    await client.keys(token),
    kept.map(([key]) => key),
  );
  for (const [key, , json] of kept) expectJson(await client.get(token, key), `{"value":${json}}`);
  const other = await client.logIn(bob.username, password);
  expectValue(await client.get(other, 'own'), "Bob's");
  expect((await client.token('eve', 'plain')).status).to.equal(403);
  expectDone(await client.put(other, 'own', 'new'));
}

/** Runs the migration twice and checks its output. */
async function migrate(
  env: Readonly<Record<string, string>>,
  from: readonly string[],
  use: () => Promise<void>,
): Promise<void> {
  const first = await keybin(['migrate', '--json', ...from], env);
  expect(first.code).to.equal(1); // not everything was kept
  const said = JSON.parse(first.stdout) as Record<string, unknown>; // shape asserted below
  expect(said).to.include({ accounts: 2, entries: kept.length + 1, present: 0 });
  expect(said['notKept']).to.have.lengthOf(lost.length + 3);
  for (const [key] of lost)
    expect(first.stderr).to.match(new RegExp(`^keybin: not migrated: entry ${ada.user_id}/${key}: .+$`, 'm'));
  expect(first.stderr)
    .to.match(/^keybin: not migrated: account 'eve': /m)
    .and.match(/^keybin: not migrated: entry .*\/orphan: it belongs to no account$/m)
    .and.match(/^keybin: not migrated: entry .*\/own: an older entry has the same key/m);
  await use();
  const second = await keybin(['migrate', '--json', ...from], env);
  expect(JSON.parse(second.stdout)).to.include({ accounts: 0, entries: 0, present: kept.length + 3 });
}

async function serving(
  env: Readonly<Record<string, string>>,
  work: (client: KeybinClient) => Promise<void>,
): Promise<void> {
  const api = await startApi({ env });
  try {
    await work(new KeybinClient(api.url));
  } finally {
    await api.stop();
  }
}

describe('keybin migrate', function () {
  this.timeout(120_000);
  const servers = services();
  let client: MongoClient;
  before(async () => {
    client = await MongoClient.connect(servers.mongoUrl);
  });
  after(() => (client as MongoClient | undefined)?.close()); // without services there is none

  it('takes over the database of the configured store, whose documents were refused at the start', async () => {
    await fill(client.db(servers.database));
    const refused = await keybin(['prepare'], servers.env);
    expect(refused.code).to.equal(1);
    expect(refused.stderr).to.include("'keybin migrate'").and.to.include('--from');

    await migrate(servers.env, ['--from', servers.mongoUrl], () => serving(servers.env, expectTakenOver));
    await serving(servers.env, async (api) => {
      const token = await api.logIn(bob.username, password);
      expectValue(await api.get(token, 'own'), 'new');
    });
    expect(await client.db(servers.database).collection('store_original').countDocuments()).to.equal(
      kept.length + lost.length + 3,
    );
  });

  it('copies another database, which it leaves unchanged, into a directory', async () => {
    const database = `${servers.database}_o`;
    await fill(client.db(database));
    const env = { KEYBIN_STORE_HOST: `lmdb://${temporaryDirectory()}` };
    try {
      await migrate(env, ['--from', servers.mongoUrl, '--from-database', database], () =>
        serving(env, expectTakenOver),
      );
      const names = (await client.db(database).listCollections().toArray()).map(({ name }) => name);
      expect(names).to.have.members(['users', 'tokens', 'store']);
    } finally {
      await client.db(database).dropDatabase();
    }
  });

  it('reports in one line, without a password, that the MongoDB of the original is down', async () => {
    const url = 'mongodb://user:secret@127.0.0.1:1/';
    const file = join(temporaryDirectory(), 'original');
    writeFileSync(file, `${url}\n`);
    for (const args of [
      ['--from', url],
      ['--from-file', file],
    ]) {
      const { code, stderr } = await keybin(['migrate', ...args]);
      expect(code).to.equal(1);
      expect(stderr).to.match(/^keybin: MongoDB at mongodb:\/\/\*\*\*@127\.0\.0\.1:1\/ cannot be reached[^\n]*\n$/);
    }
  });

  it('accepts only one of --from and --from-file', async () => {
    for (const args of [[], ['--from', 'mongodb://h/', '--from-file', '/dev/null']]) {
      const { code, stderr } = await keybin(['migrate', ...args]);
      expect({ code, stderr }).to.deep.equal({
        code: 2,
        stderr: 'keybin: use either --from or --from-file\n',
      });
    }
  });
});
