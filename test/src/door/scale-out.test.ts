import { doorContract } from '../contract/door/contract.js';
import { scaleOutSubject } from '../contract/scale-out-subject.js';
import { ScaleOutProcesses } from '../world/scale-out-world.js';
import { services } from '../world/services.js';

describe('the door of the scale-out engine', () => {
  doorContract(scaleOutSubject(new ScaleOutProcesses({ services, workers: 1 })));
});
