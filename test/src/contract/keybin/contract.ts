import { badInputContract } from '../bad-input/bad-input.js';
import { concurrencyContract } from './concurrency.js';
import { entriesContract } from './entries.js';
import { errorsContract } from './errors.js';
import { keysContract } from './keys.js';
import { orderOfChecksContract } from './order-of-checks.js';
import { randomHistoriesContract } from '../histories/random-histories.js';
import { registrationContract } from './registration.js';
import type { Subject } from '../subjects/subject.js';
import { tokensContract } from './tokens.js';
import { transportContract } from './transport.js';
import { unregisterContract } from './unregister.js';
import { valuesContract } from './values.js';

/** Defines the tests of what one API of the key/value dialect must know of the acknowledgements of another. */
export function acrossApisContract(subject: Subject): void {
  registrationContract(subject);
  tokensContract(subject);
  entriesContract(subject);
  keysContract(subject);
  concurrencyContract(subject);
  unregisterContract(subject);
  randomHistoriesContract(subject);
}

/** Defines the tests of the key/value dialect. */
export function keybinContract(subject: Subject): void {
  acrossApisContract(subject);
  valuesContract(subject);
  errorsContract(subject);
  orderOfChecksContract(subject);
  transportContract(subject);
  badInputContract(subject);
}
