import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { expect } from 'chai';
import type { ConfigError } from '@keybin/shared/config/config-error.js';
import { loadConfig } from '@keybin/shared/config/load/load-config.js';
import { parseClusterUrl } from '@keybin/shared/config/redis-url.js';
import { settings } from '@keybin/shared/config/settings.js';
import { maskCredentials } from '@keybin/shared/config/url-kinds.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';

const { app, store, queue, worker, accounts, v1, limits } = settings;

const base64 = (bytes: number) => Buffer.alloc(bytes, 'key').toString('base64');

/** A setting's kind, accepted texts with their values, and refused texts. */
const cases = [
  [
    '[APP] host',
    app.host,
    { '0.0.0.0': '0.0.0.0', '::1': '::1', 'my-host.example': 'my-host.example' },
    ['', 'a b', 'a\nb'],
  ],
  ['[APP] port', app.port, { '0': 0, '65535': 65_535 }, ['', '-1', '65536', '80.0', '0x50', '1e3', ' 80', '80 ; main']],
  [
    '[APP] debug',
    app.debug,
    { True: true, yes: true, ON: true, '1': true, False: false, no: false, off: false, '0': false },
    ['', 'y', '2'],
  ],
  ['[APP] processes', app.processes, { '1': 1 }, ['0', '257']],
  [
    '[APP] dialects',
    app.dialects,
    { 'keybin, api, v1': ['keybin', 'api', 'v1'], 'V1,keybin': ['keybin', 'v1'], api: ['api'] },
    ['', ',', 'v2', 'api, v2', 'api v1', 'api,'],
  ],
  ['[ACCOUNTS] registration', accounts.registration, { open: 'open', code: 'code', OFF: 'off' }, ['', 'on', 'false']],
  ['[STORE] database', store.database, { 'my_store-2': 'my_store-2' }, ['', 'a b', 'a.b', '$x', 'x'.repeat(64)]],
  ['[STORE] token_expiration', store.tokenExpirationSeconds, { '1': 1, '300': 300 }, ['0', '-300', '5m']],
  ['[QUEUE] durability', queue.durability, { always: 'always', EverySec: 'everysec' }, ['', 'no', 'never']],
  [
    '[QUEUE] max_pending_bytes',
    queue.maxPendingBytes,
    { '4096': 4_096, '64MiB': 64 * 1_024 ** 2, '1 gib': 1_024 ** 3 },
    ['', '10', '64MB', '1.5GiB', '9999999999999999'],
  ],
  ['[WORKER] batch_entries', worker.batchEntries, { '500': 500 }, ['0']],
  ['[ACCOUNTS] bcrypt_cost', accounts.bcryptCost, { '4': 4, '31': 31 }, ['3', '32']],
  ['[APP] trust_proxy', app.trustProxy, { '0': 0, '2': 2 }, ['', 'true', '17']],
  [
    '[APP] cors_origins',
    app.corsOrigins,
    {
      '': [],
      '*': ['*'],
      'https://a.example': ['https://a.example'],
      'http://localhost:3000, https://b.example': ['http://localhost:3000', 'https://b.example'],
      'https://*.example.com': ['https://*.example.com'],
      'capacitor://localhost,tauri://localhost': ['capacitor://localhost', 'tauri://localhost'],
      'chrome-extension://abcdefghijklmnop': ['chrome-extension://abcdefghijklmnop'],
    },
    [
      'a.example',
      'https://a.example/',
      'https://*.example', // every host of a top-level domain
      'https://*',
      'https://a.*.example.com',
      'file:///home',
      'https://A.example',
      'https://a.example:443',
      'https://a.example,*',
      'null',
      ',',
    ],
  ],
  [
    '[APP] public_url',
    app.publicUrl,
    {
      '': undefined,
      'https://keybin.example': 'https://keybin.example',
      'HTTPS://Keybin.example:443/': 'https://keybin.example',
      'http://[::1]:5000/base//': 'http://[::1]:5000/base',
    },
    [
      'keybin.example',
      '//keybin.example',
      'ftp://keybin.example',
      'https://',
      'https:///path',
      'https://user@keybin.example',
      'https://keybin.example/?a=b',
      'https://keybin.example?',
      'https://keybin.example/#top',
      'https://keybin.example:99999',
      'https://keybin.example/a b',
      'https://keybin.example\\@evil.example',
    ],
  ],
  [
    '[ACCOUNTS] password_min_bytes',
    accounts.passwordMinBytes,
    { off: undefined, OFF: undefined, '1': 1, '8': 8, '72': 72 },
    ['', 'on', '0', 'no', '73', '8 bytes'],
  ],
  [
    '[LIMITS] failed_logins_per_address',
    limits.failedLoginsPerAddress,
    { '100/900': { count: 100, windowSeconds: 900 }, '1 / 1': { count: 1, windowSeconds: 1 }, OFF: undefined },
    ['', '0', 'no', 'false', '100', '100/', '0/900', '100/0', '-1/5', '100/15m', '1000001/1', '1/1000001'],
  ],
  ['[V1] code_expiration', v1.codeExpirationSeconds, { '600': 600 }, ['0', '86401', '10m']],
  ['[V1] code_delivery', v1.codeDelivery, { response: 'response', LOG: 'log', webhook: 'webhook' }, ['', 'mail']],
  [
    '[V1] webhook_url',
    v1.webhookUrl,
    { '': undefined, 'https://h:1/a?b=c': 'https://h:1/a?b=c', 'http://127.0.0.1': 'http://127.0.0.1' },
    ['h', 'ftp://h', 'https://', 'https://u:p@h', 'https://h/#a', 'https://h/a b', 'https://h:99999'],
  ],
  [
    '[V1] webhook_secret',
    v1.webhookSecret,
    { '': undefined, [base64(24)]: base64(24), [`whsec_${base64(64)}`]: `whsec_${base64(64)}` },
    [base64(23), base64(65), `${base64(32)}!`, `whsec-${base64(32)}`, 'hunter2'],
  ],
  ['[LIMITS] value_nodes', limits.valueNodes, { off: undefined, '1': 1, '100000': 100_000 }, ['', '-1', '1000000001']],
  ['[LIMITS] body_bytes', limits.bodyBytes, { '1KiB': 1_024 }, ['0', '2GiB']],
] as const;

describe('A setting', () => {
  for (const [name, { kind }, accepted, refused] of cases) {
    it(`${name} accepts what its description says: ${kind.accepted}`, () => {
      for (const [text, value] of Object.entries(accepted)) expect(kind.parse(text), text).to.deep.equal({ value });
      for (const text of refused) expect(kind.parse(text), text).to.deep.equal({ accepted: kind.accepted });
    });
  }

  it('[ACCOUNTS] signing_secret accepts a text that is long enough for a key, or nothing, and is not shown', () => {
    const { kind } = accounts.signingSecret;
    expect(kind.parse('x'.repeat(32))).to.deep.equal({ value: 'x'.repeat(32) });
    expect(kind.parse('')).to.deep.equal({ value: undefined });
    expect(kind.parse('x'.repeat(31))).to.deep.equal({ accepted: kind.accepted });
    const problems = problemsWith({ KEYBIN_ACCOUNTS_SIGNING_SECRET: 'hunter2' });
    expect(problems).to.have.length(1);
    expect(problems[0]).not.to.include('hunter2');
  });

  it('[V1] webhook_secret is not shown, and a webhook requires it as well as its URL', () => {
    const webhook = { KEYBIN_V1_CODE_DELIVERY: 'webhook' };
    const [ofSecret = '', ...others] = problemsWith({
      ...webhook,
      KEYBIN_V1_WEBHOOK_URL: 'http://h',
      KEYBIN_V1_WEBHOOK_SECRET: 'hunter2',
    });
    expect([ofSecret.includes('hunter2'), others]).to.deep.equal([false, []]);
    const missing = problemsWith(webhook);
    expect(missing).to.have.length(2);
    for (const [index, key] of ['webhook_url', 'webhook_secret'].entries()) {
      expect(missing[index]).to.include(`[V1] ${key} is missing`);
    }
    const given = { KEYBIN_V1_WEBHOOK_URL: 'http://h', KEYBIN_V1_WEBHOOK_SECRET: base64(32) };
    expect(problemsWith({ ...webhook, ...given })).to.deep.equal([]);
  });

  const storeHost = store.host.kind;
  const redis = queue.redis.kind;

  it('[STORE] host accepts a directory or a MongoDB', () => {
    for (const text of [
      'lmdb://./data',
      'lmdb:///var/lib/keybin',
      'mongodb://h',
      'mongodb://u:p@a:1,b:2/db?replicaSet=r',
      'mongodb+srv://h/',
    ]) {
      expect(storeHost.parse(text), text).to.deep.equal({ value: text });
    }
    for (const text of [
      '',
      'data',
      'lmdb://',
      'mongodb://',
      'mongodb:///db',
      'mongodb://h\nx',
      'http://h',
      'redis://h',
    ]) {
      expect(storeHost.parse(text), text).to.deep.equal({ accepted: storeHost.accepted });
    }
  });

  it('[STORE] host reports why the driver of MongoDB refuses a URL', () => {
    for (const [text, reason] of [
      ['mongodb://h:99999/', 'Unable to parse h:99999 with URL'],
      ['mongodb://a:1,b:0/', 'Invalid port (zero)'],
      ['mongodb://u:secret%@h/', 'URI malformed'],
      ['mongodb://u:se:cret@h/', 'Password contains unescaped characters'],
      ['mongodb://h/?replicaset=r&colour=red', 'option colour is not supported'],
      ['mongodb://h/?tls=perhaps', 'must be either "true" or "false"'],
      ['mongodb+srv://h:27017/', 'cannot have port number'],
    ] as const) {
      expect(storeHost.parse(text), text).to.have.property('accepted').that.includes(reason).and.not.include('secret');
    }
  });

  it('[STORE] host escapes characters that the original accepted unescaped in a password', () => {
    expect(storeHost.parse('mongodb://u:p#s?[1]%40@h/?appName=b#c')).to.deep.equal({
      value: 'mongodb://u:p%23s%3F%5B1%5D%40@h/?appName=b#c',
    });
  });

  it("[STORE] host says what to do with the placeholder of the original's document", () => {
    expect(storeHost.parse('mongodb://<IP:PORT>/')).to.have.property('accepted').that.includes('instead of <...>');
  });

  it('[QUEUE] redis accepts a Redis or nothing', () => {
    for (const text of ['redis://h', 'redis://:p%40@h:6379/0', 'rediss://u:p@h:6380', 'redis://[::1]/15']) {
      expect(redis.parse(text), text).to.deep.equal({ value: text });
    }
    expect(redis.parse('')).to.deep.equal({ value: undefined });
    for (const text of [
      'h:6379',
      'redis://',
      'redis:///0',
      'http://h',
      'redis://h:99999',
      'redis://h:0',
      'redis://:p%@h',
      'redis://h/main',
      'redis://h/-1',
    ]) {
      expect(redis.parse(text), text).to.deep.equal({ accepted: redis.accepted });
    }
    for (const text of ['redis://:p#x@h', 'redis://h#0', 'redis://h/0?maxRetriesPerRequest=7']) {
      expect(redis.parse(text), text).to.have.property('accepted').that.includes('without parameters');
    }
  });

  it('[QUEUE] redis accepts nodes of a Redis Cluster, and says how they are written', () => {
    for (const text of [
      'redis+cluster://h',
      'redis+cluster://a:7000,b:7001,c/',
      'rediss+cluster://u:p%40@a:1,[::1]:2',
      'redis+cluster://:p@a,b',
      'redis+sentinel://a,b:2,c/queue-1',
      'rediss+sentinel://u:p%40@a:1/main',
    ]) {
      expect(redis.parse(text), text).to.deep.equal({ value: text });
    }
    for (const text of [
      'redis+cluster://',
      'redis+cluster://a,',
      'redis+cluster://a,,b',
      'redis+cluster://a, b',
      'redis+cluster://a:0,b',
      'redis+cluster://a,u:p@b',
      'redis+cluster://a,b/0',
      'redis+sentinel://a,b',
      'redis+sentinel://a,b/',
      'redis+sentinel://a,b/x/y',
      'redis+sentinel://a,,b/x',
      'redis+cluster://u:p%@a,b',
    ]) {
      expect(redis.parse(text), text).to.have.property('accepted').that.includes('HOST:PORT separated by commas');
    }
    for (const text of ['redis://a,b', 'redis://a:1,b:2', 'rediss://:p@a:1,b:2/0']) {
      expect(redis.parse(text), text).to.have.property('accepted').that.includes('several nodes require redis+cluster');
    }
    expect(redis.parse('redis+cluster://a,b?db=1')).to.have.property('accepted').that.includes('without parameters');
  });

  it('the nodes of a Redis Cluster have one user, one password and by default the port of Redis', () => {
    expect(parseClusterUrl('rediss+cluster://u:p%40@a:1,[::1]:2,c')).to.deep.equal({
      nodes: [
        { host: 'a', port: 1 },
        { host: '::1', port: 2 },
        { host: 'c', port: 6_379 },
      ],
      username: 'u',
      password: 'p@',
    });
    expect(parseClusterUrl('redis://a')).to.equal(undefined);
  });

  it('tls_ca accepts a file with certificates, or nothing, and says what is wrong with a file', () => {
    const [first = '', second = ''] = rootCertificates;
    const directory = temporaryDirectory();
    const fileWith = (content: string) => {
      const path = join(directory, randomUUID());
      writeFileSync(path, content);
      return path;
    };
    for (const { kind } of [queue.tlsCa, store.tlsCa]) {
      expect(kind.parse('')).to.deep.equal({ value: undefined });
      const pem = `# two authorities\n${first}\n${second}\n`;
      const path = fileWith(pem);
      const parsed = kind.parse(path);
      expect(parsed).to.have.property('value').that.includes({ path, pem });
      expect(parsed).to.have.nested.property('value.certificates').that.has.length(2);
      for (const [wrong, reason] of [
        [join(directory, 'none'), 'the file cannot be read (ENOENT)'],
        [directory, 'the file cannot be read (EISDIR)'],
        [fileWith(''), 'the file has no certificate'],
        [fileWith('-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n'), 'the file has no certificate'],
        [fileWith(`${first}\n${second.replace(/\n.{9}/, '\nAAAAAAAAA')}`), 'certificate 2 of the file is malformed'],
      ] as const) {
        expect(kind.parse(wrong)).to.deep.equal({ accepted: `${kind.accepted}; ${reason}` });
      }
    }
  });

  it('tls_ca requires a URL with TLS', () => {
    const file = join(temporaryDirectory(), 'ca.pem');
    writeFileSync(file, rootCertificates[0] ?? '');
    const problemsOf = (host: string, redisUrl: string) =>
      problemsWith({
        KEYBIN_STORE_HOST: host,
        KEYBIN_STORE_TLS_CA: file,
        KEYBIN_QUEUE_REDIS: redisUrl,
        KEYBIN_QUEUE_TLS_CA: file,
      });
    for (const host of ['mongodb://h/?tls=true', 'mongodb://h/?ssl=true', 'mongodb+srv://h.example.org/']) {
      for (const url of ['rediss://h', 'rediss+cluster://h', 'rediss+sentinel://h/name']) {
        expect(problemsOf(host, url)).to.deep.equal([]);
      }
    }
    const [ofQueue, ofStore] = problemsOf('mongodb://h/', 'redis+cluster://h');
    expect(ofQueue).to.include('[QUEUE] tls_ca is set, but [QUEUE] redis uses no TLS');
    expect(ofStore).to.include('[STORE] tls_ca is set, but [STORE] host uses no TLS');
    expect(problemsOf('mongodb+srv://h.example.org/?tls=false', 'rediss://h')).to.have.length(1);
    expect(problemsWith({ KEYBIN_STORE_TLS_CA: file, KEYBIN_QUEUE_TLS_CA: file })).to.have.length(2);
  });

  it('is shown without credentials', () => {
    expect(maskCredentials('mongodb://u:p@h/')).to.equal('mongodb://***@h/');
    expect(maskCredentials('mongodb://u:p@a/ss@h/?authPassword=x&b=1')).to.equal(
      'mongodb://***@h/?authPassword=***&b=1',
    );
    for (const separator of [':', '%3A']) {
      const url = `mongodb://h1,h2/?authMechanismProperties=AWS_SESSION_TOKEN${separator}x&b=1`;
      expect(maskCredentials(url)).to.equal(url.replace('x&b', '***&b'));
    }
    expect(maskCredentials('u:p@h')).to.equal('***@h');
    expect(maskCredentials('5000')).to.equal('5000');
  });
});

/** Returns the problems of these settings, one sentence each. */
function problemsWith(environment: Readonly<Record<string, string>>): readonly string[] {
  try {
    loadConfig([], environment);
    return [];
  } catch (error) {
    return (error as ConfigError).problems; // `loadConfig` throws it
  }
}
