import { acrossApisContract } from '../../contract/keybin/contract.js';
import type { Subject } from '../../contract/subjects/subject.js';
import { v1Contract } from '../../contract/v1/contract.js';
import { apiContract } from '../../contract/api/contract.js';
import { KeybinClient } from '../../world/clients/keybin-client.js';
import { spawnApi, type ApiProcess } from '../../world/processes/keybin-process.js';
import { patientTimes } from '../../world/times.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';

describe('the embedded engine, two API processes in one directory', () => {
  const started: ApiProcess[] = [];
  const env = { KEYBIN_STORE_HOST: `lmdb://${temporaryDirectory()}`, KEYBIN_APP_PROCESSES: '2' };
  const start = (settings = {}) => spawnApi({ env: { ...env, ...settings }, times: patientTimes });

  before(async () => {
    started.push(...(await Promise.all([start(), start()])));
  });
  after(() => Promise.all(started.map((api) => api.stop())));

  const client = (index: number) => new KeybinClient(started[index]?.url ?? '');
  const subject: Subject = {
    get here() {
      return client(0);
    },
    get there() {
      return client(1);
    },
    startAnother: start,
    besides: () => client(1),
    settle: async () => {},
  };
  acrossApisContract(subject);
  apiContract(subject);
  v1Contract(subject);
});
