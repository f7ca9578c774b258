import { apiContract } from '../../contract/api/contract.js';
import { keybinContract } from '../../contract/keybin/contract.js';
import { clusterServices } from '../../world/services/cluster-services.js';
import { patientTimes } from '../../world/times.js';
import { ScaleOutProcesses } from '../../world/services/scale-out-world.js';

describe('the scale-out engine over a Redis Cluster of three nodes, with two API processes and a worker', () => {
  const env = { KEYBIN_QUEUE_PARTITIONS: '3' };
  const world = new ScaleOutProcesses({ services: clusterServices, times: patientTimes, env, workers: 1 });
  const subject = {
    get here() {
      return world.here;
    },
    get there() {
      return world.there;
    },
    startAnother: (own: Readonly<Record<string, string>>) => world.startApi(own),
    besides: () => world.there,
    settle: () => world.drained(),
  };
  keybinContract(subject);
  apiContract(subject);
});
