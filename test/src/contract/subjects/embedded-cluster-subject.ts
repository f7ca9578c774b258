import { KeybinClient } from '../../world/clients/keybin-client.js';
import { spawnApi, type ApiProcess } from '../../world/processes/keybin-process.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';
import type { Subject } from './subject.js';

export interface EmbeddedClusterOptions {
  /** `KEYBIN_*` settings. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Headers of every request. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Starts an API of two processes on one directory before this suite's tests, and stops it after them. */
export function embeddedClusterSubject({ settings = {}, headers = {} }: EmbeddedClusterOptions = {}): Subject {
  let api: ApiProcess | undefined;
  const env = { ...settings, KEYBIN_STORE_HOST: `lmdb://${temporaryDirectory()}`, KEYBIN_APP_PROCESSES: '2' };
  before(async () => {
    api = await spawnApi({ env });
  });
  after(() => api?.stop());

  const client = () => new KeybinClient(api?.url ?? '', headers);
  return {
    get here() {
      return client();
    },
    get there() {
      return client();
    },
    startAnother: (others) => spawnApi({ env: { ...env, ...others } }),
    besides: client,
    settle: async () => {},
  };
}
