import type { Subject } from '../subjects/subject.js';
import { basicContract } from './basic.js';
import { apiErrorsContract } from './errors.js';
import { signedTokensContract } from './signed-tokens.js';
import { usersContract } from './users.js';

/** Defines the tests of the `/api` dialect. */
export function apiContract(subject: Subject): void {
  describe('/api', () => {
    usersContract(subject);
    basicContract(subject);
    signedTokensContract(subject);
    apiErrorsContract(subject);
  });
}
