import { Double, Int32, Long } from 'mongodb';

/** Error that says why a value of an original Keybin cannot be kept. */
export class NotKept extends Error {
  override readonly name = 'NotKept';
}

/**
 * Returns a value of an original Keybin, read with `asStored`, as JSON text. Numbers keep all their digits. Throws
 * `NotKept` for types that JSON does not have. The original could get them only from a direct write to its database.
 */
export function jsonOfOriginalValue(value: unknown): string {
  if (value === undefined) throw new NotKept('it has no value');
  if (value === null) throw new NotKept('its value is null');
  return textOf(value);
}

/** Options of the driver under which no type is lost. */
export const asStored = {
  promoteValues: false,
  promoteLongs: false,
  promoteBuffers: false,
  bsonRegExp: true,
} as const;

function textOf(value: unknown): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  if (value instanceof Long || value instanceof Int32) return value.toString();
  if (value instanceof Double) return numberText(value.value);
  if (typeof value === 'number') return numberText(value);
  if (Array.isArray(value)) return `[${value.map(textOf).join(',')}]`;
  if (typeof value !== 'object') throw new NotKept(`it contains a ${typeof value}`);
  if (value instanceof Date) throw new NotKept('it contains a date');
  // The prototype of a document is Object's
  const { constructor: type } = Object.getPrototypeOf(value) as { constructor: { name: string } };
  if (type.name !== 'Object') throw new NotKept(`it contains a BSON ${type.name}`);
  const members = Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}:${textOf(member)}`);
  return `{${members.join(',')}}`;
}

function numberText(number: number): string {
  if (!Number.isFinite(number)) throw new NotKept(`it contains the number ${number}`);
  return Object.is(number, -0) ? '-0' : JSON.stringify(number);
}
