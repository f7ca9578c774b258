import { acrossApisContract } from '../../contract/keybin/contract.js';
import { concurrencyContract } from '../../contract/keybin/concurrency.js';
import { entriesContract } from '../../contract/keybin/entries.js';
import { keysContract } from '../../contract/keybin/keys.js';
import { randomHistoriesContract } from '../../contract/histories/random-histories.js';
import { scaleOutSubject } from '../../contract/subjects/scale-out-subject.js';
import { unregisterContract } from '../../contract/keybin/unregister.js';
import { ScaleOutProcesses } from '../../world/services/scale-out-world.js';
import { patientTimes } from '../../world/times.js';
import { services } from '../../world/services/services.js';

describe('the scale-out engine, two API processes', () => {
  describe('and a worker', () => {
    const subject = scaleOutSubject(new ScaleOutProcesses({ services, times: patientTimes, workers: 1 }));
    acrossApisContract(subject);
  });

  describe('and two workers over three partitions', () => {
    const world = new ScaleOutProcesses({
      services,
      times: patientTimes,
      env: { KEYBIN_QUEUE_PARTITIONS: '3' },
      workers: 2,
    });
    const subject = scaleOutSubject(world);
    entriesContract(subject);
    keysContract(subject);
    concurrencyContract(subject);
    unregisterContract(subject);
    randomHistoriesContract(subject);
  });
});
