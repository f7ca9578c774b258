import { apiContract } from './contract/api/contract.js';
import { keybinContract } from './contract/contract.js';
import { doorContract } from './contract/door/contract.js';
import { scaleOutSubject } from './contract/scale-out-subject.js';
import { v1Contract } from './contract/v1/contract.js';
import { ScaleOutWorld } from './world/scale-out-world.js';
import { services } from './world/services.js';

describe('the scale-out engine, two APIs and a worker', () => {
  const subject = scaleOutSubject(new ScaleOutWorld({ services, workers: 1 }));
  keybinContract(subject);
  apiContract(subject);
  v1Contract(subject);
  doorContract(subject);
});
