import { concurrencyContract } from './contract/concurrency.js';
import { entriesContract } from './contract/entries.js';
import { keysContract } from './contract/keys.js';
import { randomHistoriesContract } from './contract/random-histories.js';
import { registrationContract } from './contract/registration.js';
import type { Subject } from './contract/subject.js';
import { tokensContract } from './contract/tokens.js';
import { unregisterContract } from './contract/unregister.js';
import { KeybinClient } from './world/keybin-client.js';
import { startApi, type ApiProcess } from './world/keybin-process.js';
import { temporaryDirectory } from './world/temporary-directory.js';

describe('the embedded engine, [APP] processes = 2', () => {
  let api: ApiProcess | undefined;
  const env = { KEYBIN_STORE_HOST: `lmdb://${temporaryDirectory()}`, KEYBIN_APP_PROCESSES: '2' };

  before(async () => {
    api = await startApi({ env });
  });
  after(() => api?.stop());

  // The processes take new connections by turns, so with one for each request any two requests may meet different ones.
  const client = () => new KeybinClient(api?.url ?? '', { connection: 'close' });
  const subject: Subject = {
    get here() {
      return client();
    },
    get there() {
      return client();
    },
    tokenLifetimeSeconds: 300,
    startAnother: (settings) => startApi({ env: { ...env, ...settings } }),
    settle: async () => {},
  };
  registrationContract(subject);
  tokensContract(subject);
  entriesContract(subject);
  keysContract(subject);
  concurrencyContract(subject);
  unregisterContract(subject);
  randomHistoriesContract(subject);
});
