import { programs } from '../../world/services/services.js';
import { runProgram } from './program-run.js';

const runs = [
  '--engine scale-out --minutes 0.5',
  '--engine scale-out --redis cluster --minutes 0.5',
  '--engine scale-out --redis sentinel --minutes 0.5',
  '--engine scale-out --redis failover --minutes 0.5',
  '--engine scale-out --network --minutes 0.5',
  '--engine embedded --minutes 0.5',
  '--engine embedded --processes 1 --minutes 0.5',
];

describe('a short fault run', function () {
  this.timeout(600_000);
  programs('redis-server', 'redis-sentinel', 'mongod');

  for (const options of runs) {
    it(`breaks no promise (${options})`, () => runProgram('test/dist/fault-run/main.js', options.split(' ')));
  }
});
