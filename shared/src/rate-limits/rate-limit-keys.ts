import { createHash } from 'node:crypto';

/** What a rate limit counts by. Names neither an account nor an address in clear text. */
export function rateLimitKey(name: string, ...subjects: readonly string[]): string {
  return `${name}:${createHash('sha256').update(JSON.stringify(subjects)).digest('hex')}`;
}

export const failedLoginsEverywhere = 'failed-logins-everywhere';

/** The one key of an account that its name is enough to find; it goes with the account. */
export const failedLoginsEverywhereKey = (username: string) => rateLimitKey(failedLoginsEverywhere, username);
