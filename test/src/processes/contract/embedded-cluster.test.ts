import { concurrencyContract } from '../../contract/keybin/concurrency.js';
import { embeddedClusterSubject } from '../../contract/subjects/embedded-cluster-subject.js';
import { entriesContract } from '../../contract/keybin/entries.js';
import { keysContract } from '../../contract/keybin/keys.js';
import { randomHistoriesContract } from '../../contract/histories/random-histories.js';
import { registrationContract } from '../../contract/keybin/registration.js';
import { tokensContract } from '../../contract/keybin/tokens.js';
import { unregisterContract } from '../../contract/keybin/unregister.js';

describe('the embedded engine, [APP] processes = 2', () => {
  // New connections go to the processes in turn, so with one for each request any two requests may reach different ones
  const subject = embeddedClusterSubject({ headers: { connection: 'close' } });
  registrationContract(subject);
  tokensContract(subject);
  entriesContract(subject);
  keysContract(subject);
  concurrencyContract(subject);
  unregisterContract(subject);
  randomHistoriesContract(subject);
});
