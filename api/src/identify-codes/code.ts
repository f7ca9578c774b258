import { createHmac, createSecretKey, randomBytes, randomInt, type KeyObject } from 'node:crypto';
import type { Secrets } from '@keybin/shared/ports/engine.js';

/** Six digits, none of them a zero in front: it is sent as an integer. */
export const newCode = (): number => randomInt(100_000, 1_000_000);

/** What the store knows of a code. Without the key, six digits would be found by trying them all. */
export const hashOfCode = (key: KeyObject, username: string, code: string): string =>
  createHmac('sha256', key)
    .update(JSON.stringify([username, code]))
    .digest('hex');

/** The key that all processes share. Throws `unavailable`. */
export async function codeKey(secrets: Secrets): Promise<KeyObject> {
  return createSecretKey(await secrets.agree('identify-codes', randomBytes(32).toString('base64url')), 'utf8');
}
