import { createHash } from 'node:crypto';

/** Returns the key of a rate limit's counter. It has neither an account nor an address in clear text. */
export function counterKey(name: string, ...subjects: readonly string[]): string {
  return `${name}:${createHash('sha256').update(JSON.stringify(subjects)).digest('hex')}`;
}

export const failedLoginsEverywhere = 'failed-logins-everywhere';

/** Returns the only key of an account that follows from its name. It is deleted with the account. */
export const failedLoginsEverywhereKey = (username: string) => counterKey(failedLoginsEverywhere, username);
