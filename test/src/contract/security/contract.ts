import type { Subject } from '../subjects/subject.js';
import { headersContract } from './headers.js';
import { rateLimitsContract } from './rate-limits.js';
import { typesContract } from './types.js';

/** What keeps those out, and slow, who are up to no good. */
export function doorContract(subject: Subject): void {
  headersContract(subject);
  rateLimitsContract(subject);
  typesContract(subject);
}
