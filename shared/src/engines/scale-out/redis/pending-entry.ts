/**
 * An entry of a pending hash as text: 16 digits of version, one letter of operation, then the value as JSON text. The width
 * is fixed so that scripts can cut it (`string.sub(entry, 1, 16)`), and so that an entry of exactly the head's length is a
 * delete: no JSON text is empty.
 */
const versionDigits = 16;

/** Characters, and bytes, before the value. */
export const headLength = versionDigits + 1;

export interface PendingEntry {
  readonly version: number;
  /** The value as JSON text; `undefined`: a delete. */
  readonly json: string | undefined;
}

export function parsePendingEntry(text: string): PendingEntry {
  const version = Number(text.slice(0, versionDigits));
  return { version, json: text[versionDigits] === 'P' ? text.slice(headLength) : undefined };
}

/** A version as scripts write and compare it. */
export function formatVersion(version: number): string {
  return String(version).padStart(versionDigits, '0');
}

/** The text that `accept.lua` stages. */
export function formatPendingEntry({ version, json }: PendingEntry): string {
  return formatVersion(version) + (json === undefined ? 'D' : `P${json}`);
}
