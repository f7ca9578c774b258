import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { readEnvironment } from '@keybin/shared/config/load/environment.js';
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

  it('may have other names that begin with KEYBIN', () => {
    const others = { KEYBIN_TEST_REDIS_URL: 'x', KEYBIN_URL: 'y', KEYBIN_APPLE_PORT: '1' };
    expect(readEnvironment(others)).to.deep.equal({ given: new Map(), problems: [] });
  });
});
