import { hash, randomBytes } from 'node:crypto';

/**
 * Digits of a post's id that hold the time. An id is 24 hex digits, and the text order of ids is the order of posts:
 *
 *     13  time, µs since 1970, by the clock of versions (until 2112)
 *      4  random, for posts of the same time
 *      4  derived from the digits before and the account: only the account can tell that the post is its own
 *      3  check digits: an id that Keybin never made is detected without a read
 *
 * So another account gets `forbidden` without a read of the post's account. Such a read would reveal whether the post
 * still exists. Nobody can learn from an id who its author is.
 */
const timeDigits = 13;
const randomDigits = 4;
const accountDigits = 4;
const checkDigits = 3;
const accountStart = timeDigits + randomDigits;
const checkStart = accountStart + accountDigits;
const postId = /^[0-9a-f]{24}$/;

/** Text that sorts after every id. */
export const afterAllPosts = 'g';

export function newPostId(timeUs: number, userId: string): string {
  const time = timeUs.toString(16).padStart(timeDigits, '0');
  const unique = time + randomBytes(randomDigits / 2).toString('hex');
  const owned = unique + accountDigitsOf(unique, userId);
  return owned + checkDigitsOf(owned);
}

export const isPostId = (text: string): boolean =>
  postId.test(text) && text.endsWith(checkDigitsOf(text.slice(0, checkStart)));

/** Returns true if the account may have a post with this id, which must be a post's id. */
export const isPostIdOf = (id: string, userId: string): boolean =>
  id.slice(accountStart, checkStart) === accountDigitsOf(id.slice(0, accountStart), userId);

/** Returns the time of a post, in µs since 1970. */
export const postTimeUs = (id: string): number => parseInt(id.slice(0, timeDigits), 16);

const accountDigitsOf = (unique: string, userId: string) =>
  hash('sha256', `${unique}/${userId}`).slice(0, accountDigits);
const checkDigitsOf = (owned: string) => hash('sha256', owned).slice(0, checkDigits);
