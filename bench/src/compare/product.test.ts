import { expect } from 'chai';
import { nodeArguments, workingTree } from './product.js';

describe('how a version is started', () => {
  it('starts node with the arguments of the script, wherever the version is', () => {
    const given = nodeArguments('exec node --max-semi-space-size=32 services/api/main.js', '/old');
    expect(given).to.deep.equal(['--max-semi-space-size=32', '/old/services/api/main.js']);
    expect(nodeArguments('node main.js', '/old')).to.deep.equal(['/old/main.js']);
  });

  it('refuses a script that starts something else', () => {
    expect(() => nodeArguments('tsx main.ts', '/old')).to.throw('tsx main.ts');
  });

  it('runs keybin of this version', async () => {
    const run = workingTree.command(['--version'], {});
    expect(await run.exited).to.include({ code: 0 });
  });
});
