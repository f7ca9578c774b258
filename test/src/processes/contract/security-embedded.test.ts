import { doorContract } from '../../contract/security/contract.js';
import { embeddedClusterSubject } from '../../contract/subjects/embedded-cluster-subject.js';

describe('the security of the embedded engine', () => {
  doorContract(embeddedClusterSubject());
});
