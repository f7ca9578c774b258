import { concurrencyContract } from './contract/concurrency.js';
import { embeddedClusterSubject } from './contract/embedded-cluster-subject.js';
import { entriesContract } from './contract/entries.js';
import { keysContract } from './contract/keys.js';
import { randomHistoriesContract } from './contract/random-histories.js';
import { registrationContract } from './contract/registration.js';
import { tokensContract } from './contract/tokens.js';
import { unregisterContract } from './contract/unregister.js';

describe('the embedded engine, [APP] processes = 2', () => {
  // The processes take new connections by turns, so with one for each request any two requests may meet different ones.
  const subject = embeddedClusterSubject({ headers: { connection: 'close' } });
  registrationContract(subject);
  tokensContract(subject);
  entriesContract(subject);
  keysContract(subject);
  concurrencyContract(subject);
  unregisterContract(subject);
  randomHistoriesContract(subject);
});
