import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ConfigError } from '@keybin/shared/config/config-error.js';
import { loadConfig } from '@keybin/shared/config/load/load-config.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';

function file(...lines: string[]): string[] {
  const path = join(temporaryDirectory(), 'store.cfg');
  writeFileSync(path, lines.join('\n'));
  return ['--config', path];
}

function problems(args: readonly string[], environment: NodeJS.ProcessEnv = {}): readonly string[] {
  try {
    loadConfig(args, environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

/** Configuration of the original's documentation, with an address instead of the placeholder. */
const original = `
    [APP]
    # Host on which to listen for connections
    host=127.0.0.1
    # Port on which to run the server
    port=5000
    # If Flask debug should be enabled
    debug=true

    [STORE]
    # Your MongoDB instance's IP
    host=mongodb://10.0.0.1:27017/
    # Database name
    database=store
    # Collection names
    store_collection=store
    users_collection=users
    token_collection=tokens
    # Token expiration in seconds
    token_expiration=300
`;

const mongoAt = (host: string, database?: string) => ({
  KEYBIN_STORE_HOST: host,
  KEYBIN_QUEUE_REDIS: 'redis://h',
  ...(database !== undefined && { KEYBIN_STORE_DATABASE: database }),
});

const hostOf = (args: readonly string[], environment: NodeJS.ProcessEnv) => loadConfig(args, environment).app.host;

describe('The configuration', () => {
  it('prefers the environment to the file, and the file to the defaults', () => {
    const args = file('[APP]', 'port = 1', 'host = a', '[STORE]', 'token_expiration = 5');
    const config = loadConfig(args, { KEYBIN_APP_HOST: 'b', PORT: '2' });
    expect(config.app).to.deep.equal({
      host: 'b',
      port: 2,
      debug: false,
      processes: 1,
      trustProxy: 0,
      corsOrigins: [],
      publicUrl: undefined,
      dialects: ['keybin', 'api', 'v1'],
    });
    expect(config.store).to.include({ host: 'lmdb://./data', tokenExpirationSeconds: 5 });
  });

  it('accepts an original file together with the address of a Redis', () => {
    const { app, store, queue } = loadConfig(file(original), { KEYBIN_QUEUE_REDIS: 'redis://10.0.0.2' });
    expect(app).to.include({ host: '127.0.0.1', port: 5000, debug: true });
    expect(store).to.include({ host: 'mongodb://10.0.0.1:27017/', usersCollection: 'users' });
    expect(queue.redis).to.equal('redis://10.0.0.2');
    expect(problems(file(original, '    [QUEUE]', '    redis = redis://10.0.0.2'))).to.deep.equal([]);
  });

  it('names the one line that is missing in an original file, and both ways to give it', () => {
    const found = problems(file(original));
    expect(found).to.have.lengthOf(1);
    expect(found[0]).to.match(/^\[QUEUE\] redis is missing/);
    expect(found[0]).to.include('"redis = redis://').and.include('[QUEUE]').and.include('KEYBIN_QUEUE_REDIS=redis://');
  });

  it('refuses a Redis with a directory, which would not use it', () => {
    const found = problems([], { KEYBIN_QUEUE_REDIS: 'redis://:secret@h' });
    expect(found).to.have.lengthOf(1);
    expect(found[0]).to.include('KEYBIN_QUEUE_REDIS: "redis://***@h"').and.not.include('secret');
  });

  it('listens on all addresses if PORT gives the port and nobody gives a host', () => {
    expect(hostOf(file(), { PORT: '80' })).to.equal('0.0.0.0');
    expect(hostOf(file('[APP]', 'host = 127.0.0.1'), { PORT: '80' })).to.equal('0.0.0.0'); // as the shipped file has it
    expect(hostOf(file('[APP]', 'host = 10.0.0.1'), { PORT: '80' })).to.equal('10.0.0.1');
    expect(hostOf(file(), { PORT: '80', KEYBIN_APP_HOST: '127.0.0.1' })).to.equal('127.0.0.1');
    expect(hostOf(file(), { PORT: '80', KEYBIN_APP_PORT: '81' })).to.equal('127.0.0.1');
    expect(hostOf(file(), { KEYBIN_APP_PORT: '81' })).to.equal('127.0.0.1');
  });

  it('refuses a database in the URL that would not be used', () => {
    for (const [host, database] of [
      ['mongodb://h', 'other'],
      ['mongodb://h/', undefined],
      ['mongodb://h/store', undefined],
      ['mongodb://a,b/other?replicaSet=r', 'other'],
      ['mongodb://u:p@h/admin', 'store'], // where MongoDB knows the user
      ['mongodb://u:p@h/?authSource=other', 'store'],
    ] as const)
      expect(problems([], mongoAt(host, database)), host).to.deep.equal([]);
    for (const [host, database] of [
      ['mongodb://h/other', undefined],
      ['mongodb://h/other?replicaSet=r', 'store'],
      ['mongodb://u:secret@h/other', undefined],
      ['mongodb://u:secret@h/other', 'store'],
    ] as const) {
      const found = problems([], mongoAt(host, database));
      expect(found, host).to.have.lengthOf(1);
      expect(found[0]).to.include('"other"').and.include('KEYBIN_STORE_DATABASE').and.not.include('secret');
    }
  });

  it('refuses a limit on pending bytes that is too small for one body per partition', () => {
    const scaleOut = {
      KEYBIN_STORE_HOST: 'mongodb://h/',
      KEYBIN_QUEUE_REDIS: 'redis://h',
      KEYBIN_QUEUE_PARTITIONS: '3',
    };
    expect(problems([], { ...scaleOut, KEYBIN_QUEUE_MAX_PENDING_BYTES: '4MiB' })).to.deep.equal([]);
    const found = problems([], { ...scaleOut, KEYBIN_QUEUE_MAX_PENDING_BYTES: '3MiB' });
    expect(found).to.have.lengthOf(1);
    expect(found[0]).to.include('[QUEUE] max_pending_bytes is 3145728; accepted: at least 3358720');
  });

  it('reports every problem at once, with name, value and what is accepted', () => {
    const args = file('[APP]', 'port = 99999', 'port = 1', 'prot = 1', '[STORE]', 'host = mongodb://<IP:PORT>/');
    const found = problems(args, { KEYBIN_ACCOUNTS_BCRYPT_COST: '3', KEYBIN_LIMITS_BODY: '1', KEYBIN_APP_DEBUG: '' });
    expect(found).to.have.lengthOf(8);
    for (const part of [
      '[APP] port is already set on line 2',
      '[APP] prot',
      'KEYBIN_LIMITS_BODY',
      `[APP] port (${args[1]}, line 2): "99999" is not accepted; accepted: a whole number from 0 to 65535`,
      'KEYBIN_APP_DEBUG: "" is not accepted',
      '"mongodb://<IP:PORT>/" is not accepted',
      'KEYBIN_ACCOUNTS_BCRYPT_COST: "3" is not accepted',
      '[QUEUE] redis is missing',
    ]) {
      expect(
        found.filter((problem) => problem.includes(part)),
        part,
      ).to.have.lengthOf(1);
    }
  });

  it('does not show the content of a file that the environment names', () => {
    const path = join(temporaryDirectory(), 'port');
    writeFileSync(path, 'topsecret');
    const found = problems([], { KEYBIN_APP_PORT_FILE: path });
    expect(found).to.have.lengthOf(1);
    expect(found[0]).to.include(`KEYBIN_APP_PORT_FILE (${path})`).and.not.include('topsecret');
  });

  it('does not show credentials, whatever else is wrong with them', () => {
    const args = file('[STORE]', 'host mongodb://u:topsecret@h/', 'hots = mongodb://u:topsecret@h/');
    const found = problems(args, { KEYBIN_QUEUE_REDIS: '://u:topsecret@h', KEYBIN_QUEUE_PASSWORD: 'topsecret' });
    expect(found).to.have.lengthOf(5);
    expect(found.join('\n')).to.not.include('topsecret');
  });

  it('ignores the settings of other programs', () => {
    expect(problems(file('[OTHER]', 'port = x'), { KEYBIN_TEST_REQUIRE_SERVICES: '1' })).to.deep.equal([]);
  });

  it('refuses a named file that does not exist', () => {
    expect(problems(['--config', '/nowhere/store.cfg'])).to.have.lengthOf(1);
    expect(problems(['--config=/tmp'])).to.have.lengthOf(1);
  });

  it('refuses unknown arguments', () => {
    expect(problems(['--confg', 'x'])).to.have.lengthOf(1);
    expect(problems(['--config'])).to.have.lengthOf(1);
    expect(problems(['store.cfg'])).to.have.lengthOf(1);
  });

  it('requires both name and password of an administrator, or neither, and shows no password', () => {
    const [user, password] = [{ KEYBIN_ADMIN_USER: 'root' }, { KEYBIN_ADMIN_PASSWORD: 'a long password' }];
    expect(problems([], { ...user, ...password })).to.deep.equal([]);
    expect(problems([], user).join()).to.match(/^\[ADMIN\] password is missing/);
    expect(problems([], password).join()).to.match(/^\[ADMIN\] user is missing/);
    const wrong = problems([], { KEYBIN_ADMIN_USER: 'a:b', KEYBIN_ADMIN_PASSWORD: 'hunter2' }).join();
    expect(wrong).to.include('KEYBIN_ADMIN_USER').and.include('KEYBIN_ADMIN_PASSWORD').and.not.include('hunter2');
  });
});
