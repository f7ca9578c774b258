/**
 * Order of two writes of one entry, however late or often they are applied: by epoch, then by version. A Redis that
 * comes back empty or with older data is in a later epoch, so its clock may be behind.
 */
export interface Stamp {
  /** Number of the epoch in which Redis accepted the write. Numbers of epochs only rise. */
  readonly epoch: number;
  /** µs of Redis's time, different for each write of a partition in one epoch. */
  readonly version: number;
}

export interface PendingEntry extends Stamp {
  /** Value as JSON text; `undefined` for a delete. */
  readonly json: string | undefined;
}

/**
 * Digits of the stamp in a pending entry's text. The text is the stamp, one letter of operation, then the value as JSON
 * text. The width is fixed, so scripts can cut the text with `string.sub(entry, 1, 24)`. An entry of exactly the head's
 * length is a delete, because no JSON text is empty.
 */
const epochDigits = 8;
const versionDigits = 16;
export const stampDigits = epochDigits + versionDigits;

/** Length of the text before the value, in characters and in bytes. */
export const headLength = stampDigits + 1;

export function parseStamp(text: string): Stamp {
  return { epoch: Number(text.slice(0, epochDigits)), version: Number(text.slice(epochDigits, stampDigits)) };
}

export function parsePendingEntry(text: string): PendingEntry {
  const { epoch, version } = parseStamp(text);
  return { epoch, version, json: text[stampDigits] === 'P' ? text.slice(headLength) : undefined };
}

/** Returns a version as scripts write and compare it. */
export function formatVersion(version: number): string {
  return String(version).padStart(versionDigits, '0');
}

/** Returns the number of an epoch as scripts write and compare it. Throws if it has too many digits. */
export function formatEpoch(epoch: number): string {
  const text = String(epoch).padStart(epochDigits, '0');
  if (text.length > epochDigits) throw new Error(`the number of an epoch is too large: ${epoch}`);
  return text;
}

export const formatStamp = ({ epoch, version }: Stamp) => formatEpoch(epoch) + formatVersion(version);

/** Returns the text of a pending entry, as `accept.lua` stores it. */
export function formatPendingEntry({ json, ...stamp }: PendingEntry): string {
  return formatStamp(stamp) + (json === undefined ? 'D' : `P${json}`);
}

/** True if the write with stamp `a` was accepted before the one with stamp `b`. */
export const isBefore = (a: Stamp, b: Stamp) => a.epoch < b.epoch || (a.epoch === b.epoch && a.version < b.version);
