import { randomBytes } from 'node:crypto';

/** The id of a file is 24 hex digits: 13 of the time at which its upload began, in µs since 1970 (until 2112), and random ones. */
const timeDigits = 13;
const randomDigits = 12;
const fileId = /^[0-9a-f]{24}$/;

/** Greater than every id. */
export const afterAllFiles = 'g';

export const newFileId = (timeUs: number): string =>
  (timeUs.toString(16).padStart(timeDigits, '0') + randomBytes(randomDigits / 2).toString('hex')).slice(0, 24);

export const isFileId = (text: string): boolean => fileId.test(text);

/** When its upload began, in µs since 1970. */
export const fileTimeUs = (id: string): number => parseInt(id.slice(0, timeDigits), 16);
