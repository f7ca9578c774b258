import { randomBytes } from 'node:crypto';

/** A secret of a test run, recognizable wherever it was written. */
export interface Marked {
  /** Kind of secret. */
  readonly name: string;
  readonly text: string;
}

/** Returns a unique text. */
export const marker = (name: string): string => `marked-${name}-${randomBytes(12).toString('hex')}`;

/** Returns the forms in which a careless process might write a secret. */
function formsOf(text: string): string[] {
  const bytes = Buffer.from(text);
  return [text, bytes.toString('base64').replace(/=+$/, ''), bytes.toString('base64url'), bytes.toString('hex')];
}

/** Returns the names of the secrets in these bytes. A short number counts only if no digit or letter is next to it. */
export function foundIn(bytes: Buffer, secrets: readonly Marked[]): string[] {
  const text = bytes.toString('latin1');
  const isIn = (form: string) =>
    /^\d{1,8}$/.test(form) ? new RegExp(`(?<![\\da-z])${form}(?![\\da-z])`, 'i').test(text) : text.includes(form);
  return secrets.filter((secret) => formsOf(secret.text).some(isIn)).map(({ name }) => name);
}
