import { apiContract } from './api/contract.js';
import { ignoredPartsContract } from './bad-input/ignored-parts.js';
import { keybinContract } from './keybin/contract.js';
import { doorContract } from './security/contract.js';
import { scaleOutSubject } from './subjects/scale-out-subject.js';
import { v1Contract } from './v1/contract.js';
import { ScaleOutWorld } from '../world/services/scale-out-world.js';
import { services } from '../world/services/services.js';

describe('the scale-out engine, two APIs and a worker', () => {
  const subject = scaleOutSubject(new ScaleOutWorld({ services, workers: 1 }));
  keybinContract(subject);
  apiContract(subject);
  v1Contract(subject);
  ignoredPartsContract(subject);
  doorContract(subject);
});
