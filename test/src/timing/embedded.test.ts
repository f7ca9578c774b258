import { embeddedClusterSubject } from '../contract/embedded-cluster-subject.js';
import { expiryContract } from '../contract/expiry.js';
import { refusalTimesContract } from '../contract/refusal-times.js';

describe('times of the embedded engine', () => {
  const subject = embeddedClusterSubject();
  expiryContract(subject);
  refusalTimesContract(subject);
});
