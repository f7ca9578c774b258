import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { createLog } from '@keybin/shared/process/log.js';
import { logIgnoredVariables, readEnvironment } from '@keybin/shared/config/load/environment.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';

function file(text: string): string {
  const path = join(temporaryDirectory(), 'value');
  writeFileSync(path, text);
  return path;
}

describe('The environment', () => {
  it('gives a setting as KEYBIN_<SECTION>_<KEY>', () => {
    const { given, problems } = readEnvironment({ KEYBIN_STORE_TOKEN_EXPIRATION: '60', PATH: '/bin' });
    expect([...given]).to.deep.equal([
      ['STORE.token_expiration', { text: '60', origin: 'KEYBIN_STORE_TOKEN_EXPIRATION' }],
    ]);
    expect(problems).to.deep.equal([]);
  });

  it('gives a setting by a file, without the newline at its end', () => {
    const { given } = readEnvironment({ KEYBIN_QUEUE_REDIS_FILE: file('redis://h \n\r\n') });
    expect(given.get('QUEUE.redis')?.text).to.equal('redis://h \n');
  });

  it('may not give a setting both ways', () => {
    const { problems } = readEnvironment({ KEYBIN_QUEUE_REDIS: 'redis://h', KEYBIN_QUEUE_REDIS_FILE: file('') });
    expect(problems).to.deep.equal([
      'KEYBIN_QUEUE_REDIS and KEYBIN_QUEUE_REDIS_FILE are both set; accepted: one of them',
    ]);
  });

  it('may not name a file that cannot be read', () => {
    const { problems } = readEnvironment({ KEYBIN_QUEUE_REDIS_FILE: '/nowhere/redis' });
    expect(problems).to.have.lengthOf(1);
    expect(problems[0]).to.include('KEYBIN_QUEUE_REDIS_FILE: "/nowhere/redis" cannot be read');
  });

  it('gives the port as PORT, and KEYBIN_APP_PORT takes precedence', () => {
    expect(readEnvironment({ PORT: '80' }).given.get('APP.port')).to.deep.equal({ text: '80', origin: 'PORT' });
    expect(readEnvironment({ KEYBIN_APP_PORT: '81', PORT: '80' }).given.get('APP.port')?.text).to.equal('81');
  });

  it('may not name a setting of a known section that does not exist', () => {
    const { problems } = readEnvironment({ KEYBIN_APP_PROT: '1', KEYBIN_STORE_HOTS_FILE: '/x', KEYBIN_APP_: '' });
    expect(problems).to.have.lengthOf(3);
    expect(problems.find((text) => text.startsWith('KEYBIN_APP_PROT: "1"'))).to.include(
      'did you mean KEYBIN_APP_PORT?',
    );
  });

  it('may not name a setting of a misspelt section', () => {
    const misspelt = { KEYBIN_LIMIT_BODY_BYTES: '1', KEYBIN_METRIC_TOKEN_FILE: '/x', KEYBIN_METRIC_TOKEN: 'topsecret' };
    const { problems } = readEnvironment(misspelt);
    expect(problems).to.have.lengthOf(3);
    expect(problems.join()).not.to.include('topsecret');
    expect(problems.join()).to.include('did you mean KEYBIN_LIMITS_BODY_BYTES?');
    expect(problems.join()).to.include('did you mean KEYBIN_METRICS_TOKEN_FILE?');
  });

  it('ignores what Kubernetes makes of the names of services', () => {
    const made = {
      KEYBIN_SERVICE_HOST: '10.0.0.1',
      KEYBIN_PORT: 'tcp://10.0.0.1:5000',
      KEYBIN_WORKER_SERVICE_HOST: '10.0.0.2',
      KEYBIN_WORKER_SERVICE_PORT: '5001',
      KEYBIN_WORKER_SERVICE_PORT_METRICS: '5001',
      KEYBIN_WORKER_PORT: 'tcp://10.0.0.2:5001',
      KEYBIN_WORKER_PORT_5001_TCP: 'tcp://10.0.0.2:5001',
      KEYBIN_WORKER_PORT_5001_TCP_PROTO: 'tcp',
      KEYBIN_WORKER_PORT_5001_TCP_PORT: '5001',
      KEYBIN_WORKER_PORT_5001_TCP_ADDR: '10.0.0.2',
    };
    expect(readEnvironment(made)).to.deep.equal({ given: new Map(), problems: [] });
    const lines: string[] = [];
    const destination = { write: (line: string) => void lines.push(line) };
    logIgnoredVariables(createLog({ debug: false }, destination), made);
    expect(lines).to.deep.equal([]);
    logIgnoredVariables(createLog({ debug: true }, destination), { ...made, PATH: '/bin' });
    expect(lines.map((line) => JSON.parse(line) as unknown)).to.have.lengthOf(1);
    for (const variable of Object.keys(made)) expect(lines[0]).to.include(variable);
  });

  it('may have other names that begin with KEYBIN', () => {
    const others = { KEYBIN_API_URL: 'z', KEYBIN_TEST_REDIS_URL: 'x', KEYBIN_URL: 'y', KEYBIN_APPLE_PORT: '1' };
    expect(readEnvironment(others)).to.deep.equal({ given: new Map(), problems: [] });
  });
});
