import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { getAs, signedToken } from '../../contract/api/calls.js';
import { eventually } from '../../world/eventually.js';
import { KeybinClient } from '../../world/clients/keybin-client.js';
import { spawnApi, type ApiProcess } from '../../world/processes/keybin-process.js';
import { RawConnection } from '../../world/clients/raw-connection.js';

describe('an API process', () => {
  let api: ApiProcess;
  let client: KeybinClient;

  async function start(env: Readonly<Record<string, string>>): Promise<void> {
    api = await spawnApi({ env });
    client = new KeybinClient(api.url);
  }

  afterEach(async () => api.stop());

  const errorLines = () => api.child.logs.filter(({ level }) => Number(level) >= 40);

  it('reports where it listens and where the data is', async () => {
    await start({});
    const line = `Keybin listens on ${api.url}, data in `;
    await eventually(() => api.child.logs.some(({ msg }) => String(msg).startsWith(line)), 'the line');
  });

  it('ends a request that arrives too slowly, and writes nothing of it', async () => {
    await start({ KEYBIN_LIMITS_REQUEST_TIMEOUT: '1' });
    const { token } = await client.newAccount();
    const slow = await RawConnection.open(api.url);
    const head = `POST /user/${token}/store/k HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n`;
    slow.send(`${head}Content-Length: 20\r\n\r\n{"value":"slow"}`);
    await slow.closed();
    expect(slow.statuses).to.deep.equal([408]);
    expect((await client.keys(token)).json).to.deep.equal({ keys: [] });
    expect(errorLines()).to.deep.equal([]);
  });

  it('gives the memory of a large slow body to other requests that need it, and refuses that body', async () => {
    await start({ KEYBIN_LIMITS_BODIES_BYTES: '1MiB' });
    const { token } = await client.newAccount();
    const slow = await RawConnection.open(api.url);
    const head = `POST /user/${token}/store/slow HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n`;
    slow.send(`${head}Content-Length: 1000000\r\n\r\n{"value":"`);
    const value = 'x'.repeat(900_000);
    expect((await client.put(token, 'small', 'x')).status).to.equal(200);
    const refused = await client.put(token, 'large', value);
    expect([refused.status, refused.headers['retry-after']]).to.deep.equal([503, '2']);
    await eventually(async () => (await client.put(token, 'large', value)).status === 200, 'a large post');
    expect(await slow.closed()).to.match(/^HTTP\/1\.1 503 [^]*Connection: close/);
    expect((await client.keys(token)).json).to.deep.equal({ keys: ['large', 'small'] });
  });

  it('tolerates many interrupted uploads without logging them', async () => {
    await start({});
    const { token } = await client.newAccount();
    const head = `POST /user/${token}/store/k HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n`;
    for (const encoding of ['identity', 'gzip', 'br']) {
      for (let upload = 0; upload < 20; upload++) {
        const connection = await RawConnection.open(api.url);
        connection.send(`${head}Content-Encoding: ${encoding}\r\nContent-Length: 100\r\n\r\n{"value":"slow"}`);
        connection.destroy();
      }
    }
    expect((await client.keys(token)).json).to.deep.equal({ keys: [] });
    expect(errorLines()).to.deep.equal([]);
  });

  it('logs neither tokens nor passwords nor names nor values, even in debug mode', async () => {
    await start({ KEYBIN_APP_DEBUG: 'true' });
    const secrets = { username: randomUUID(), password: randomUUID(), value: randomUUID(), key: 'K'.repeat(30) };
    const { token } = await client.newAccount(secrets.username, secrets.password);
    await client.put(token, secrets.key, secrets.value);
    await client.get(token, secrets.key);
    await client.get(token, 'absent');
    await client.send('GET', `/user/${token}/nowhere`);
    await client.send('POST', `/user/${token}/store/${secrets.key}`, { body: `{"value":"${secrets.value}` });
    for (const target of [`http://[/user/${token}`, `/user/${token}/\x01`, `/user/%zz${token}/keys`]) {
      await RawConnection.exchange(api.url, `GET ${target} HTTP/1.1\r\nHost: test\r\n\r\n`);
    }
    const signed = await signedToken(client, secrets.username, secrets.password);
    await getAs(client, '/api/resource', signed, 'x');
    await getAs(client, '/api/resource', signed.slice(1), 'x');
    await client.unregister(secrets.username, secrets.password);
    await api.stop();
    expect(api.child.output).to.include('/user/:token/store/:key');
    for (const secret of [token, signed.slice(-20), ...Object.values(secrets)])
      expect(api.child.output).not.to.include(secret);
  });

  it('hashes for an unknown name, so that the time does not reveal who is registered', async () => {
    await start({
      KEYBIN_ACCOUNTS_BCRYPT_COST: '12',
      KEYBIN_ACCOUNTS_HASHES_AT_ONCE: '1',
      KEYBIN_ACCOUNTS_MAX_WAITING_HASHES: '0',
    });
    const { statuses } = await logInAtOnce(['a', 'b', 'c'].map((username) => ({ username, password: 'unknown' })));
    // It hashes one password at a time, and no other may wait
    expect(statuses).to.have.members([403, 503, 503]);
  });

  it('serves reads while many clients log in, and returns 503 to logins beyond the queue limit', async () => {
    await start({
      KEYBIN_ACCOUNTS_BCRYPT_COST: '9', // so that a busy machine computes four in time
      KEYBIN_ACCOUNTS_HASHES_AT_ONCE: '1',
      KEYBIN_ACCOUNTS_MAX_WAITING_HASHES: '3',
    });
    const { token, username } = await client.newAccount();
    await client.put(token, 'k', 'v');
    const logins = logInAtOnce(Array.from({ length: 8 }, (_, at) => ({ username, password: `wrong${at}` })));
    const reads = await countUntil(logins, async () => {
      expect((await client.get(token, 'k')).status).to.equal(200);
    });
    const { statuses, received } = await logins;
    expect(statuses).to.have.members([403, 403, 403, 403, 503, 503, 503, 503]);
    const refusal = /\r\nRetry-After: [1-9]\d*\r\n(?:[^\r]+\r\n)*\r\nService unavailable, try again later/gi;
    expect(received.match(refusal)).to.have.length(4);
    expect(reads).to.be.greaterThan(5 * 4);
  });

  /** Sends all logins, each on a connection that is already open. Returns statuses and the text of all answers. */
  async function logInAtOnce(logins: readonly object[]): Promise<{ statuses: number[]; received: string }> {
    const connections = await Promise.all(logins.map(() => RawConnection.open(api.url)));
    for (const [index, connection] of connections.entries()) {
      const body = JSON.stringify(logins[index]);
      const head = 'POST /token HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n';
      connection.send(`${head}Content-Length: ${body.length}\r\n\r\n${body}`);
    }
    const received = await Promise.all(connections.map((connection) => connection.answers(1)));
    for (const connection of connections) connection.destroy();
    return { statuses: connections.flatMap(({ statuses }) => statuses), received: received.join('') };
  }
});

/** Returns how often `work` could run, one run after the other, before `end` settled. */
async function countUntil(end: Promise<unknown>, work: () => Promise<void>): Promise<number> {
  const ended = { yet: false };
  void end.finally(() => (ended.yet = true));
  let count = 0;
  for (; !ended.yet; count++) await work();
  return count;
}
