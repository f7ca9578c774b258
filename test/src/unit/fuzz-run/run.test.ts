import { expect } from 'chai';
import { runFuzz } from '../../fuzz-run/run.js';

describe('the fuzz run', function () {
  this.timeout(60_000); // a process starts slowly on a busy machine

  it('that is interrupted reports why, and what its processes printed', async () => {
    const settings = { KEYBIN_LIMITS_REGISTRATIONS_PER_ADDRESS: '1/900' };
    const { problems } = await runFuzz({ engine: 'embedded', requests: 1, seed: 1, settings });
    expect(problems).to.have.length(2);
    expect(problems[0]).to.match(/^the run was broken off: Error: An actor was answered 429: .*\n +at /);
    expect(problems[1]).to.match(/^the API has printed:\n[^]*Keybin listens on /);
  });
});
