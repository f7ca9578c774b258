import { badBodies } from './bad-bodies.js';
import { badKeys } from './bad-keys.js';
import { badParameters } from './bad-parameters.js';
import { badRequests } from './bad-requests.js';
import { oddValues } from './odd-values.js';

/** What an engine must refuse, and what looks odd and must be kept. `url` is asked when the tests run. */
export function badInput(url: () => string): void {
  describe('bad input', () => {
    badBodies(url);
    badParameters(url);
    badKeys(url);
    oddValues(url);
    badRequests(url);
  });
}
