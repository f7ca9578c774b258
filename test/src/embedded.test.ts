import { apiContract } from './contract/api/contract.js';
import { keybinContract } from './contract/contract.js';
import type { Subject } from './contract/subject.js';
import { v1Contract } from './contract/v1/contract.js';
import { KeybinClient } from './world/keybin-client.js';
import { startApi, type ApiProcess } from './world/keybin-process.js';
import { temporaryDirectory } from './world/temporary-directory.js';

describe('the embedded engine, two API processes in one directory', () => {
  const started: ApiProcess[] = [];
  const tokenLifetimeSeconds = 300;
  const env = { KEYBIN_STORE_HOST: `lmdb://${temporaryDirectory()}`, KEYBIN_APP_PROCESSES: '2' };

  before(async () => {
    for (let count = 0; count < 2; count++) started.push(await startApi({ env }));
  });
  after(async () => {
    for (const api of started) await api.stop();
  });

  const client = (index: number) => new KeybinClient(started[index]?.url ?? '');
  const subject: Subject = {
    get here() {
      return client(0);
    },
    get there() {
      return client(1);
    },
    tokenLifetimeSeconds,
    startAnother: (settings) => startApi({ env: { ...env, ...settings } }),
    settle: async () => {},
  };
  keybinContract(subject);
  apiContract(subject);
  v1Contract(subject);
});
