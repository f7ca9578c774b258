import { doorContract } from '../contract/door/contract.js';
import { embeddedClusterSubject } from '../contract/embedded-cluster-subject.js';

describe('the door of the embedded engine', () => {
  doorContract(embeddedClusterSubject());
});
