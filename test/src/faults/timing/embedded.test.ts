import { embeddedClusterSubject } from '../../contract/subjects/embedded-cluster-subject.js';
import { expiryContract } from '../../contract/keybin/expiry.js';
import { refusalTimesContract } from '../../contract/security/refusal-times.js';

describe('times of the embedded engine', () => {
  const subject = embeddedClusterSubject();
  expiryContract(subject);
  refusalTimesContract(subject);
});
