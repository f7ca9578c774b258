import { doorContract } from '../../contract/security/contract.js';
import { embeddedClusterSubject } from '../../contract/subjects/embedded-cluster-subject.js';

describe('the door of the embedded engine', () => {
  doorContract(embeddedClusterSubject());
});
