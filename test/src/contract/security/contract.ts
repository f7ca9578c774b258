import type { Subject } from '../subjects/subject.js';
import { headersContract } from './headers.js';
import { codeLimitsContract } from '../registration/code-limits.js';
import { dialectsContract } from './dialects.js';
import { loginsContract } from './logins.js';
import { newPasswordsContract } from '../registration/new-passwords.js';
import { namesContract } from '../registration/names.js';
import { publicUsersContract } from './public-users.js';
import { rateLimitsContract } from './rate-limits.js';
import { registrationSettingContract } from '../registration/registration-setting.js';
import { typesContract } from './types.js';

/** Defines the tests of protection against attackers. */
export function doorContract(subject: Subject): void {
  headersContract(subject);
  loginsContract(subject);
  newPasswordsContract(subject);
  rateLimitsContract(subject);
  codeLimitsContract(subject);
  dialectsContract(subject);
  namesContract(subject);
  publicUsersContract(subject);
  registrationSettingContract(subject);
  typesContract(subject);
}
