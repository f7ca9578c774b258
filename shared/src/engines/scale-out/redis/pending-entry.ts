/**
 * Digits of the version in a pending entry's text. The text is the version, one letter of operation, then the value as
 * JSON text. The width is fixed, so scripts can cut the text with `string.sub(entry, 1, 16)`. An entry of exactly the
 * head's length is a delete, because no JSON text is empty.
 */
const versionDigits = 16;

/** Length of the text before the value, in characters and in bytes. */
export const headLength = versionDigits + 1;

export interface PendingEntry {
  readonly version: number;
  /** Value as JSON text; `undefined` for a delete. */
  readonly json: string | undefined;
}

export function parsePendingEntry(text: string): PendingEntry {
  const version = Number(text.slice(0, versionDigits));
  return { version, json: text[versionDigits] === 'P' ? text.slice(headLength) : undefined };
}

/** Returns a version as scripts write and compare it. */
export function formatVersion(version: number): string {
  return String(version).padStart(versionDigits, '0');
}

/** Returns the text of a pending entry, as `accept.lua` stores it. */
export function formatPendingEntry({ version, json }: PendingEntry): string {
  return formatVersion(version) + (json === undefined ? 'D' : `P${json}`);
}
