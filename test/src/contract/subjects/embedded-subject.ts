import { KeybinClient } from '../../world/clients/keybin-client.js';
import { startApi } from '../../world/processes/keybin-service.js';
import type { RunningApi } from '../../world/processes/running.js';
import type { Subject } from './subject.js';

/** Starts an API in the test's own process before this suite's tests, and stops it after them. `env`: its settings. */
export function embeddedSubject(env: Readonly<Record<string, string>> = {}): Subject {
  let api: RunningApi | undefined;
  before(async () => {
    api = await startApi({ env });
  });
  after(() => api?.stop());

  const client = () => new KeybinClient(api?.url ?? '');
  return {
    get here() {
      return client();
    },
    get there() {
      return client();
    },
    startAnother: (own) => startApi({ env: { ...env, ...own } }),
    besides: (another) => another,
    settle: async () => {},
  };
}
