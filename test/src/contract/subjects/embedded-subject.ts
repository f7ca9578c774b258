import { KeybinClient } from '../../world/clients/keybin-client.js';
import { startApi } from '../../world/processes/keybin-service.js';
import type { RunningApi } from '../../world/processes/running.js';
import type { Subject } from './subject.js';

/** One API in the test's own process, from before to after the tests of this suite. */
export function embeddedSubject(): Subject {
  let api: RunningApi | undefined;
  before(async () => {
    api = await startApi();
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
    startAnother: (env) => startApi({ env }),
    besides: (another) => another,
    settle: async () => {},
  };
}
