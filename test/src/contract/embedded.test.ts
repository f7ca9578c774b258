import { apiContract } from './api/contract.js';
import { ignoredPartsContract } from './bad-input/ignored-parts.js';
import { keybinContract } from './keybin/contract.js';
import { codeLimitsContract } from './security/code-limits.js';
import { dialectsContract } from './security/dialects.js';
import { headersContract } from './security/headers.js';
import { loginsContract } from './security/logins.js';
import { newPasswordsContract } from './security/new-passwords.js';
import { publicUsersContract } from './security/public-users.js';
import { registrationSettingContract } from './security/registration-setting.js';
import { typesContract } from './security/types.js';
import { embeddedSubject } from './subjects/embedded-subject.js';
import { v1Contract } from './v1/contract.js';

describe('the embedded engine', () => {
  const subject = embeddedSubject();
  keybinContract(subject);
  apiContract(subject);
  v1Contract(subject);
  ignoredPartsContract(subject);
  headersContract(subject);
  loginsContract(subject);
  newPasswordsContract(subject);
  typesContract(subject);
  codeLimitsContract(subject);
  dialectsContract(subject);
  publicUsersContract(subject);
  registrationSettingContract(subject);
});
