import type { Subject } from '../subjects/subject.js';
import { headersContract } from './headers.js';
import { loginsContract } from './logins.js';
import { newPasswordsContract } from './new-passwords.js';
import { rateLimitsContract } from './rate-limits.js';
import { typesContract } from './types.js';

/** Defines the tests of protection against attackers. */
export function doorContract(subject: Subject): void {
  headersContract(subject);
  loginsContract(subject);
  newPasswordsContract(subject);
  rateLimitsContract(subject);
  typesContract(subject);
}
