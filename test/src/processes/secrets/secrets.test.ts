import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { BSON, MongoClient } from 'mongodb';
import { spawnApi, type ApiProcess } from '../../world/processes/keybin-process.js';
import { ScaleOutProcesses } from '../../world/services/scale-out-world.js';
import { ownServices, type OwnServices } from '../../world/services/services.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';
import { WebhookReceiver } from '../../world/clients/webhook-receiver.js';
import { foundIn, marker, type Marked } from './marked.js';
import { Use } from './use-all.js';

/** Secrets in the settings of the processes. No process may reveal them. */
const settings = {
  signing: marker('signing'),
  metrics: marker('metrics'),
  webhook: randomBytes(32).toString('base64'),
  webhookUrl: marker('url'),
};
const ofSettings: readonly Marked[] = Object.entries(settings).map(([name, text]) => ({
  name: `setting ${name}`,
  text,
}));

const env = {
  KEYBIN_APP_DEBUG: 'true',
  KEYBIN_ACCOUNTS_SIGNING_SECRET: settings.signing,
  KEYBIN_METRICS_TOKEN: settings.metrics,
};
const byWebhook = (url: string) => ({
  KEYBIN_V1_CODE_DELIVERY: 'webhook',
  KEYBIN_V1_WEBHOOK_URL: `${url}&key=${settings.webhookUrl}`,
  KEYBIN_V1_WEBHOOK_SECRET: settings.webhook,
});

/** Throws if a secret is in an answer that is not meant to contain it. */
function searchAnswers(use: Use): void {
  for (const { request, answer, gives } of use.answers) {
    const bytes = Buffer.from(`${JSON.stringify(answer.headers)}\n${answer.text}`);
    const found = foundIn(bytes, [...use.secrets, ...ofSettings]).filter((name) => !gives.includes(name));
    expect(found, `answer to ${request}`).to.deep.equal([]);
  }
  expect(use.answers.length).to.be.above(50);
}

function search(where: string, bytes: Buffer, use: Use): void {
  expect(foundIn(bytes, [...use.secrets, ...ofSettings]), where).to.deep.equal([]);
}

function filesBelow(directory: string): string[] {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** Searches all files below a directory. Returns the number of bytes searched. */
function searchFiles(directory: string, use: Use): number {
  let length = 0;
  for (const file of filesBelow(directory)) {
    const bytes = readFileSync(file);
    search(file, bytes, use);
    length += bytes.length;
  }
  return length;
}

async function useAll(use: Use): Promise<void> {
  await use.keybin();
  await use.api();
  await use.v1();
  await use.registration();
  await use.mistakes();
}

/** Registers with codes from a webhook, until the webhook is down. Resolves with the API's output. */
async function useWebhook(use: Use, start: (env: Record<string, string>) => Promise<ApiProcess>): Promise<string> {
  const receiver = await WebhookReceiver.start();
  const api = await start(byWebhook(receiver.url));
  try {
    const codeOf = async () => String((JSON.parse(receiver.received.at(-1)?.body ?? '') as Code).identify_code);
    use.url = api.url;
    await use.registration(codeOf);
    await receiver.stop();
    expect((await use.send('GET', '/v1/users/register?accout=nobody')).status).to.equal(503);
  } finally {
    await receiver.stop();
    await api.stop();
  }
  return api.child.output;
}

interface Code {
  readonly identify_code: number;
}

describe('no secret leaks from', function () {
  this.timeout(60_000); // many requests, on a machine that may be busy

  it('the embedded engine, in an answer, the log at its most detailed, or the files of the store', async () => {
    const directory = temporaryDirectory();
    const api = await spawnApi({ env: { ...env, KEYBIN_STORE_HOST: `lmdb://${directory}` } });
    const use = new Use(api.url);
    try {
      await useAll(use);
      expect(searchFiles(directory, use)).to.be.above(10_000);
      await use.unregister();
    } finally {
      await api.stop();
    }
    const store = { KEYBIN_STORE_HOST: `lmdb://${directory}` };
    const printed = await useWebhook(use, (webhook) => spawnApi({ env: { ...env, ...store, ...webhook } }));
    search('the log of the API with a webhook', Buffer.from(printed), use);
    searchAnswers(use);
    expect(searchFiles(directory, use)).to.be.above(10_000);
    search('the log', Buffer.from(api.child.output), use);
    const lines = api.child.logs.filter(({ msg }) => msg === 'Request completed');
    expect(lines.map(({ route }) => route)).to.include('/user/:token/store/:key');
  });

  describe('the scale-out engine', () => {
    const world = new ScaleOutProcesses({ services: ownServices, env, workers: 1 });

    it('in an answer, the logs at their most detailed, Redis or MongoDB, an outage of each included', async () => {
      const { redis, mongod } = world.services;
      const [api] = world.apis;
      if (!api) throw new Error('There is no API');
      const use = new Use(api.url);
      await useAll(use);
      for (const server of [redis, mongod]) {
        await server.kill('SIGKILL');
        await use.mistakes();
        await use.unregister();
        await server.start();
      }
      await world.drained();
      const printed = await useWebhook(use, (webhook) => world.startApi(webhook));
      search('the log of the API with a webhook', Buffer.from(printed), use);

      searchAnswers(use);
      for (const [name, output] of world.outputs) search(name, Buffer.from(output), use);
      search('the documents of MongoDB', await documents(world.services), use);
      await save(world.services);
      for (const server of [redis, mongod]) {
        await server.kill('SIGSTOP'); // it might delete a file before the search reads it
        expect(searchFiles(server.dir, use)).to.be.above(1_000);
        await server.kill('SIGCONT');
      }
    });
  });
});

/** Saves all data of Redis as an uncompressed file, next to the log of commands. */
async function save({ redisUrl }: OwnServices): Promise<void> {
  const redis = new Redis(redisUrl);
  await redis.config('SET', 'rdbcompression', 'no');
  await redis.save();
  redis.disconnect();
}

/** Returns the documents of MongoDB, whatever its files look like. */
async function documents({ mongoUrl, database }: OwnServices): Promise<Buffer> {
  const client = new MongoClient(mongoUrl);
  try {
    const collections = await client.db(database).collections();
    const all = await Promise.all(collections.map((collection) => collection.find().toArray()));
    return Buffer.from(BSON.EJSON.stringify(all));
  } finally {
    await client.close();
  }
}
