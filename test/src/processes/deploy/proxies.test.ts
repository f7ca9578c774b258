import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { Agent, FormData, request, type Dispatcher } from 'undici';
import { blocksOf, readPage } from '../documents/pages.js';
import { Child } from '../../world/processes/child.js';
import { eventually } from '../../world/eventually.js';
import { spawnApi, type ApiProcess } from '../../world/processes/keybin-process.js';
import { programs } from '../../world/services/services.js';
import { onSomePort } from '../../world/processes/some-port.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';

const host = 'keybin.example.org';
const fileBytes = 20 * 1_024 ** 2;
const registrations = 5;

/** Returns the configuration on the page, with the ports of these APIs in place of its own. */
function configurationOf(language: 'nginx' | 'caddy', apis: readonly ApiProcess[]): string {
  const block = blocksOf(readPage('docs/operations/tls-and-proxies.md')).find((each) => each.language === language);
  let text = block?.text ?? '';
  for (const [index, documented] of ['127.0.0.1:5000', '127.0.0.1:5010'].entries()) {
    expect(text).to.include(documented);
    text = text.replaceAll(documented, `127.0.0.1:${apis[index]?.port}`);
  }
  return text;
}

function nginx(apis: readonly ApiProcess[], port: number): Child {
  const directory = temporaryDirectory();
  const at = (name: string) => join(directory, name);
  const certificate = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', `/CN=${host}`];
  execFileSync('openssl', ['req', ...certificate, '-keyout', at('key'), '-out', at('crt')], { stdio: 'ignore' });
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${at(name)};`);
  const server = configurationOf('nginx', apis)
    .replace('listen 443 ssl', `listen 127.0.0.1:${port} ssl`)
    .replace('/etc/ssl/keybin.crt', at('crt'))
    .replace('/etc/ssl/keybin.key', at('key'));
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  writeFileSync(
    at('nginx.conf'),
    `${user} pid ${at('pid')}; daemon off; events {} http { ${paths.join(' ')}\n${server}\n}`,
  );
  return new Child(`nginx ${port}`, 'nginx', ['-e', 'stderr', '-c', at('nginx.conf')]);
}

function caddy(apis: readonly ApiProcess[], port: number): Child {
  const directory = temporaryDirectory();
  const data = join(directory, 'data');
  mkdirSync(data);
  // Caddy makes its own certificate: no authority could verify this name
  const site = configurationOf('caddy', apis).replace(`${host} {`, `${host}:${port} {\n  tls internal`);
  const options = `{\n  admin off\n  auto_https disable_redirects\n  skip_install_trust\n  storage file_system ${data}\n}\n`;
  writeFileSync(join(directory, 'Caddyfile'), options + site);
  return new Child(
    `caddy ${port}`,
    'caddy',
    ['run', '--adapter', 'caddyfile', '--config', join(directory, 'Caddyfile')],
    {
      env: { HOME: directory, XDG_CONFIG_HOME: directory, XDG_DATA_HOME: directory },
    },
  );
}

for (const [name, start] of Object.entries({ nginx, caddy })) {
  describe(`the configuration for ${name} in docs/operations/tls-and-proxies.md`, function () {
    this.timeout(60_000);
    programs(name as 'nginx' | 'caddy', 'openssl'); // the keys above

    const apis: ApiProcess[] = [];
    let proxy: Child;
    let url: string;
    const client = new Agent({ connect: { rejectUnauthorized: false, servername: host } });

    const send = (path: string, options: Partial<Dispatcher.RequestOptions> = {}) =>
      request(`${url}${path}`, {
        method: 'GET',
        dispatcher: client,
        ...options,
        headers: { host: host, ...(options.headers as Record<string, string> | undefined) },
      });
    const post = (path: string, body: object, headers: Record<string, string> = {}) =>
      send(path, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json', ...headers },
      });

    before(async () => {
      const env = {
        KEYBIN_STORE_HOST: `lmdb://${temporaryDirectory()}`,
        KEYBIN_APP_PROCESSES: '2',
        KEYBIN_APP_TRUST_PROXY: '1',
        KEYBIN_LIMITS_REGISTRATIONS_PER_ADDRESS: `${registrations}/900`,
      };
      apis.push(await spawnApi({ env }), await spawnApi({ env }));
      proxy = await onSomePort(async (port) => {
        const child = start(apis, port);
        url = `https://127.0.0.1:${port}`;
        await eventually(
          async () => !child.alive || (await send('/readyz')).statusCode === 200,
          `${name} to serve, which printed:\n${child.output}`,
        );
        if (!child.alive) throw new Error(child.output);
        return child;
      });
    });

    after(async () => {
      await client.close();
      await proxy.stop();
      for (const api of apis) await api.stop();
    });

    it('serves over TLS and keeps the name by which clients reach it', async () => {
      const { statusCode, headers } = await post('/api/users', { username: 'ada', password: 'a long sentence' });
      expect(statusCode).to.equal(201);
      expect(headers['location']).to.match(/^https:\/\/keybin\.example\.org(:\d+)?\/api\/users\/1$/);
    });

    it('publishes neither the metrics nor the dashboard', async () => {
      for (const path of ['/metrics', '/admin/queues']) {
        const { statusCode, headers, body } = await send(path);
        expect(statusCode).to.equal(404);
        expect(headers, 'an answer of Keybin').to.not.have.property('x-request-id');
        await body.dump();
      }
    });

    it('streams uploads that are larger than what proxies take by default', async () => {
      const code = await send('/v1/users/register?accout=file');
      const { identify_code } = (await code.body.json()) as { identify_code: number }; // the contract's shape
      await (await post('/v1/users/register', { accout: 'file', identify_code, passwd: 'caicai' })).body.dump();
      const login = await post('/v1/users/login', { accout: 'file', passwd: 'caicai' });
      const { token } = (await login.body.json()) as { token: string };
      const form = new FormData();
      form.append('action', 'upload');
      form.append('filename', new Blob([new Uint8Array(fileBytes)]), 'zeros');
      const { statusCode, body } = await send('/v1/users/upload', {
        method: 'POST',
        body: form,
        headers: { authorization: `Bearer ${token}` },
      });
      expect(await body.json()).to.include({ length: fileBytes });
      expect(statusCode).to.equal(200);
    });

    it('tells the API the address of the client, whatever the client claims', async () => {
      const statuses: number[] = [];
      for (let count = 0; count <= registrations; count++) {
        const { statusCode, body } = await post(
          '/register',
          { username: `many${count}`, password: 'a long sentence' },
          { 'x-forwarded-for': `10.0.0.${count}` },
        );
        statuses.push(statusCode);
        await body.dump();
      }
      expect(statuses.at(-1)).to.equal(429);
    });

    it('continues with the other process when one is killed', async () => {
      await apis[0]?.child.kill('SIGKILL');
      for (let count = 0; count < 10; count++) {
        const { statusCode, body } = await send('/api/users/1');
        expect(statusCode).to.equal(200);
        await body.dump();
      }
    });
  });
}
