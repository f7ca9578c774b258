import type { Subject } from '../subjects/subject.js';
import { basicContract } from './basic.js';
import { apiErrorsContract } from './errors.js';
import { signedTokensContract } from './signed-tokens.js';
import { usersContract } from './users.js';

/** The REST-auth dialect, whole. */
export function apiContract(subject: Subject): void {
  describe('/api', () => {
    usersContract(subject);
    basicContract(subject);
    signedTokensContract(subject);
    apiErrorsContract(subject);
  });
}
