import { acrossApisContract } from '../../contract/keybin/contract.js';
import { embeddedClusterSubject } from '../../contract/subjects/embedded-cluster-subject.js';

describe('the embedded engine, [APP] processes = 2', () => {
  // New connections go to the processes in turn, so with one for each request any two requests may reach different ones
  const subject = embeddedClusterSubject({ headers: { connection: 'close' } });
  acrossApisContract(subject);
});
