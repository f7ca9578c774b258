import { runProgram } from './program-run.js';

describe('the models of the protocols', function () {
  this.timeout(1_800_000);

  it('hold as they are, and each fails without any of its rules', () => runProgram('test/model/run.mjs'));
});
