import { bodyTooLarge, numberOutOfRange, valueTooDeep } from '@keybin/shared/errors.js';

const maxLevels = 1_000;

/**
 * Returns a parsed value as the JSON text that is stored and sent. Strings are exact; numbers are as JavaScript prints
 * them.
 * Throws `value_too_deep` for more than 1,000 levels of arrays and objects, and `number_out_of_range` for 1e400, which
 * would become null. Throws `body_too_large` for text of more than `limitBytes`, since 1e20 grows to 21 digits.
 */
export function valueText(value: unknown, limitBytes: number): string {
  checkLevels(value, 0);
  const json = JSON.stringify(value);
  if (json.length * 3 > limitBytes && Buffer.byteLength(json) > limitBytes) throw bodyTooLarge(limitBytes);
  return json;
}

/**
 * Checks numbers and levels. Goes no deeper than `maxLevels`, so no input overflows the stack here or later in
 * `JSON.stringify`.
 */
function checkLevels(value: unknown, levels: number): void {
  if (typeof value === 'number' && !Number.isFinite(value)) throw numberOutOfRange();
  if (typeof value !== 'object' || value === null) return;
  if (levels === maxLevels) throw valueTooDeep();
  for (const member of Object.values(value)) checkLevels(member, levels + 1);
}
