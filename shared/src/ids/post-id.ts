import { hash, randomBytes } from 'node:crypto';

/**
 * The id of a post is 24 hex digits, whose text order is the order of posts:
 *
 *     13  time, µs since 1970, by the clock of versions (until 2112)
 *      4  random, for posts of the same time
 *      4  what its account makes of the digits before: it alone can tell that the post is its own
 *      3  check digits: an id that Keybin never made is known without a look
 *
 * So another account is told `forbidden` without a look into that account, which would tell whether the post is still there, and
 * nobody can read from an id whose it is.
 */
const timeDigits = 13;
const randomDigits = 4;
const accountDigits = 4;
const checkDigits = 3;
const accountStart = timeDigits + randomDigits;
const checkStart = accountStart + accountDigits;
const postId = /^[0-9a-f]{24}$/;

/** Greater than every id. */
export const afterAllPosts = 'g';

export function newPostId(timeUs: number, userId: string): string {
  const time = timeUs.toString(16).padStart(timeDigits, '0');
  const unique = time + randomBytes(randomDigits / 2).toString('hex');
  const owned = unique + accountDigitsOf(unique, userId);
  return owned + checkDigitsOf(owned);
}

export const isPostId = (text: string): boolean =>
  postId.test(text) && text.endsWith(checkDigitsOf(text.slice(0, checkStart)));

/** Whether the account may have such a post; `id` must be a post's. */
export const isPostIdOf = (id: string, userId: string): boolean =>
  id.slice(accountStart, checkStart) === accountDigitsOf(id.slice(0, accountStart), userId);

/** µs since 1970. */
export const postTimeUs = (id: string): number => parseInt(id.slice(0, timeDigits), 16);

const accountDigitsOf = (unique: string, userId: string) =>
  hash('sha256', `${unique}/${userId}`).slice(0, accountDigits);
const checkDigitsOf = (owned: string) => hash('sha256', owned).slice(0, checkDigits);
