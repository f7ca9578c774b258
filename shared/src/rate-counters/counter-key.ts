import { createHash } from 'node:crypto';

/** Returns the key of a rate limit's counter. It has neither an account nor an address in clear text. */
export function counterKey(name: string, ...subjects: readonly string[]): string {
  return `${name}:${createHash('sha256').update(JSON.stringify(subjects)).digest('hex')}`;
}

export const failedLoginsEverywhere = 'failed-logins-everywhere';

export const identifyCodesEverywhere = 'identify-codes-everywhere';

/** Returns the keys of an account that follow from its name. They are deleted with the account. */
export const keysOfName = (username: string): string[] =>
  [failedLoginsEverywhere, identifyCodesEverywhere].map((name) => counterKey(name, username));
