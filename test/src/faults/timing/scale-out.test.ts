import { expiryContract } from '../../contract/keybin/expiry.js';
import { refusalTimesContract } from '../../contract/security/refusal-times.js';
import { scaleOutSubject } from '../../contract/subjects/scale-out-subject.js';
import { ScaleOutProcesses } from '../../world/services/scale-out-world.js';
import { services } from '../../world/services/services.js';

describe('times of the scale-out engine', () => {
  const subject = scaleOutSubject(new ScaleOutProcesses({ services, workers: 1 }));
  expiryContract(subject);
  refusalTimesContract(subject);
});
