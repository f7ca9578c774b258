import { bodyTooLarge, numberOutOfRange, valueTooDeep } from '@keybin/shared/errors.js';
import { jsonShape } from './json-shape.js';

const maxLevels = 1_000;

/** Length of a text up to which its value is checked sooner than the text. */
const shortLength = 4_096;

/**
 * Levels from which `deepText` is faster than `JSON.stringify`, which compares each array and object with all that it
 * is in.
 */
const deepLevels = 100;

/**
 * Returns a parsed value as the JSON text that is stored and sent. Strings are exact; numbers are as JavaScript prints
 * them. `text` is what the value was parsed from, perhaps with more around it.
 * Throws `value_too_deep` for more than 1,000 levels of arrays and objects, and `number_out_of_range` for 1e400, which
 * would become null. Throws `body_too_large` for text of more than `limitBytes`, since 1e20 grows to 21 digits.
 */
export function valueText(value: unknown, text: string, limitBytes: number): string {
  const json = text.length > shortLength ? longText(value, text) : shortText(value);
  if (json.length * 3 > limitBytes && Buffer.byteLength(json) > limitBytes) throw bodyTooLarge(limitBytes);
  return json;
}

function shortText(value: unknown): string {
  checkLevels(value, 0);
  return JSON.stringify(value);
}

function longText(value: unknown, text: string): string {
  if (typeof value !== 'object') return shortText(value);
  const { levels, hasInfinity } = jsonShape(text);
  // The text may also have members that do not count
  if (hasInfinity || levels > maxLevels) checkLevels(value, 0);
  return levels > deepLevels ? deepText(value) : JSON.stringify(value);
}

/**
 * Checks numbers and levels. Goes no deeper than `maxLevels`, so no input overflows the stack here or later in
 * `deepText`.
 */
function checkLevels(value: unknown, levels: number): void {
  if (typeof value === 'number' && !Number.isFinite(value)) throw numberOutOfRange();
  if (typeof value !== 'object' || value === null) return;
  if (levels === maxLevels) throw valueTooDeep();
  const members: unknown[] = Array.isArray(value) ? value : Object.values(value);
  for (const member of members) checkLevels(member, levels + 1);
}

/** Returns what `JSON.stringify` returns for a parsed value, in a time that does not grow with its levels. */
function deepText(value: unknown): string {
  const parts: string[] = [];
  addParts(value, parts);
  return parts.join('');
}

function addParts(value: unknown, parts: string[]): void {
  if (typeof value !== 'object' || value === null) {
    parts.push(JSON.stringify(value));
  } else if (Array.isArray(value)) {
    parts.push('[');
    for (let at = 0; at < value.length; at += 1) {
      if (at > 0) parts.push(',');
      addParts(value[at], parts);
    }
    parts.push(']');
  } else {
    let before = '{';
    for (const [name, member] of Object.entries(value)) {
      parts.push(`${before}${JSON.stringify(name)}:`);
      addParts(member, parts);
      before = ',';
    }
    parts.push(before === '{' ? '{}' : '}');
  }
}
