import { createHmac, createSecretKey, randomBytes, randomInt, type KeyObject } from 'node:crypto';
import type { Secrets } from '@keybin/shared/ports/engine.js';

/** Returns a new code of six digits. It has no leading zero, because it is sent as an integer. */
export const newCode = (): number => randomInt(100_000, 1_000_000);

/** Returns what the store keeps of a code. Without a secret key, trying all codes of six digits would reveal it. */
export const hashOfCode = (key: KeyObject, username: string, code: string): string =>
  createHmac('sha256', key)
    .update(JSON.stringify([username, code]))
    .digest('hex');

/** Returns the key that all processes share. Throws `unavailable`. */
export async function codeKey(secrets: Secrets): Promise<KeyObject> {
  return createSecretKey(await secrets.agree('identify-codes', randomBytes(32).toString('base64url')), 'utf8');
}
