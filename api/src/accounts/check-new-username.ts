import { invalidUsername, usernameInSeveralForms } from '@keybin/shared/errors.js';
import { isInOneForm, isNewUsername } from '@keybin/shared/ids/username.js';

/** Throws `invalid_username` if no new account may have this name. `distinct`: it must have one form only. */
export function checkNewUsername(username: string, distinct: boolean): void {
  if (!isNewUsername(username)) throw invalidUsername();
  if (distinct && !isInOneForm(username)) throw usernameInSeveralForms();
}
