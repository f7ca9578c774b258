import { expiryContract } from '../contract/expiry.js';
import { refusalTimesContract } from '../contract/refusal-times.js';
import { scaleOutSubject } from '../contract/scale-out-subject.js';
import { ScaleOutProcesses } from '../world/scale-out-world.js';
import { services } from '../world/services.js';

describe('times of the scale-out engine', () => {
  const subject = scaleOutSubject(new ScaleOutProcesses({ services, workers: 1 }));
  expiryContract(subject);
  refusalTimesContract(subject);
});
