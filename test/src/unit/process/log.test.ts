import { execFileSync } from 'node:child_process';
import { expect } from 'chai';

const code = `
  import { createLog } from '@keybin/shared/process/log.js';
  const log = createLog({ debug: true });
  const refused = Object.assign(new Error('WRONGPASS'), { code: 'E', command: { name: 'auth', args: ['hunter2'] } });
  log.warn({ err: refused }, 'failed');
  log.warn({ err: new Error('away', { cause: refused }) }, 'failed');
  log.info({ token: 'hunter2', headers: { authorization: 'hunter2' }, account: { password: 'hunter2' } }, 'forgotten');
`;

/** Returns the lines that a process logs. */
const logged = () => execFileSync(process.execPath, ['--input-type=module', '--eval', code], { encoding: 'utf8' });

describe('the log', () => {
  it('shows the message and stack of an error, and no other member that a library adds', () => {
    const text = logged();
    expect(text).not.to.include('hunter2');
    const [first, second] = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).err);
    expect(first).to.include({ type: 'Error', message: 'WRONGPASS', code: 'E' });
    expect(first.stack).to.include('at file:');
    expect(text).to.include('"token":"***"');
    expect(second.message).to.equal('away: WRONGPASS');
  });
});
