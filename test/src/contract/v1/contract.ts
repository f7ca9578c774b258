import type { Subject } from '../subjects/subject.js';
import { accountsContract } from './accounts.js';
import { downloadsContract } from './downloads.js';
import { deliveryContract } from './delivery.js';
import { v1ErrorsContract } from './errors.js';
import { postsContract } from './posts.js';
import { printedCallsContract } from './printed-calls.js';
import { registrationContract } from './registration.js';
import { sessionsContract } from './sessions.js';
import { uploadsContract } from './uploads.js';

/** Defines the tests of the `/v1` dialect. */
export function v1Contract(subject: Subject): void {
  describe('/v1', () => {
    registrationContract(subject);
    deliveryContract(subject);
    sessionsContract(subject);
    accountsContract(subject);
    postsContract(subject);
    uploadsContract(subject);
    downloadsContract(subject);
    printedCallsContract(subject);
    v1ErrorsContract(subject);
  });
}
