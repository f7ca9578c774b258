import { Double, Int32, Long } from 'mongodb';

/** Why a value of an original Keybin cannot be kept. */
export class NotKept extends Error {
  override readonly name = 'NotKept';
}

/**
 * A value of an original Keybin as JSON text, read with `asStored`. Numbers keep all their digits. Throws `NotKept` for what JSON
 * does not have, which the original could be given only by somebody who wrote into its database.
 */
export function jsonOfOriginalValue(value: unknown): string {
  if (value === undefined) throw new NotKept('it has no value');
  if (value === null) throw new NotKept('its value is null');
  return textOf(value);
}

/** How documents are to be read, so that no type is lost on the way. */
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
  if (typeof value !== 'object') throw new NotKept(`it holds a ${typeof value}`);
  if (value instanceof Date) throw new NotKept('it holds a date');
  const { constructor: type } = Object.getPrototypeOf(value) as { constructor: { name: string } }; // documents have Object's
  if (type.name !== 'Object') throw new NotKept(`it holds a BSON ${type.name}`);
  const members = Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}:${textOf(member)}`);
  return `{${members.join(',')}}`;
}

function numberText(number: number): string {
  if (!Number.isFinite(number)) throw new NotKept(`it holds the number ${number}`);
  return Object.is(number, -0) ? '-0' : JSON.stringify(number);
}
