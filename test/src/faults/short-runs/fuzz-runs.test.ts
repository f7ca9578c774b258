import { programs } from '../../world/services/services.js';
import { runProgram } from './program-run.js';

describe('a short fuzz run', function () {
  this.timeout(600_000);
  programs('redis-server', 'mongod');

  for (const engine of ['embedded', 'scale-out']) {
    it(`finds nothing (${engine})`, () =>
      runProgram('test/dist/fuzz-run/main.js', ['--engine', engine, '--requests', '1000']));
  }
});
