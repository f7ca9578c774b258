import { apiContract } from './contract/api/contract.js';
import { keybinContract } from './contract/contract.js';
import { headersContract } from './contract/door/headers.js';
import { typesContract } from './contract/door/types.js';
import { embeddedSubject } from './contract/embedded-subject.js';
import { v1Contract } from './contract/v1/contract.js';

describe('the embedded engine', () => {
  const subject = embeddedSubject();
  keybinContract(subject);
  apiContract(subject);
  v1Contract(subject);
  headersContract(subject);
  typesContract(subject);
});
