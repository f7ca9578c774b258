import { randomBytes } from 'node:crypto';

/**
 * Digits of a file's id that hold the time. An id is 24 hex digits: 13 for the time at which its upload began, in µs
 * since 1970 (until 2112), then random ones.
 */
const timeDigits = 13;
const randomDigits = 12;
const fileId = /^[0-9a-f]{24}$/;

/** Text that sorts after every id. */
export const afterAllFiles = 'g';

export const newFileId = (timeUs: number): string =>
  (timeUs.toString(16).padStart(timeDigits, '0') + randomBytes(randomDigits / 2).toString('hex')).slice(0, 24);

export const isFileId = (text: string): boolean => fileId.test(text);

/** Returns the time at which the upload of a file began, in µs since 1970. */
export const fileTimeUs = (id: string): number => parseInt(id.slice(0, timeDigits), 16);
