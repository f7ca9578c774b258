import { doorContract } from '../../contract/security/contract.js';
import { scaleOutSubject } from '../../contract/subjects/scale-out-subject.js';
import { ScaleOutProcesses } from '../../world/services/scale-out-world.js';
import { services } from '../../world/services/services.js';

describe('the door of the scale-out engine', () => {
  doorContract(scaleOutSubject(new ScaleOutProcesses({ services, workers: 1 })));
});
