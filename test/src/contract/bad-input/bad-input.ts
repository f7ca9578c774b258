import { badBodies } from './bad-bodies.js';
import { badKeys } from './bad-keys.js';
import { badParameters } from './bad-parameters.js';
import { badRequests } from './bad-requests.js';
import { manyNodes } from './many-nodes.js';
import { oddValues } from './odd-values.js';
import type { Subject } from '../subjects/subject.js';

/** Defines tests of input that must be refused and change nothing, and of odd input that must be stored. */
export function badInputContract(subject: Subject): void {
  const url = () => subject.here.baseUrl;
  describe('bad input', () => {
    badBodies(url);
    badParameters(url);
    badKeys(url);
    manyNodes(subject);
    oddValues(url);
    badRequests(url);
  });
}
