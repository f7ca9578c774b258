import { invalidKey, keyTooLong } from '@keybin/shared/errors.js';
import { isEntryKey, isTooLongKey } from '@keybin/shared/ids/entry-key.js';
import type { Engine, KeyList, KeyListOptions, OnStale, OnValue } from '@keybin/shared/ports/engine.js';

export interface ReadCallbacks {
  readonly onStale: OnStale;
  readonly onValue: OnValue;
}

/** Returns the value as JSON text. Throws `invalid_token`, `invalid_key`, `key_too_long`, `key_not_found`. */
export function readValue(
  engine: Engine,
  token: string,
  key: string,
  { onStale, onValue }: ReadCallbacks,
): Promise<string> {
  if (!isEntryKey(key)) return refuseKey(engine, token, key);
  return engine.entries.get(token, key, onStale, onValue);
}

/** A key with its value as JSON text. */
export interface NewEntry {
  readonly key: string;
  readonly json: string;
}

/** Stores JSON text. Throws `invalid_token`, `invalid_key`, `key_too_long`. */
export function storeValue(engine: Engine, token: string, entry: NewEntry, request: string): Promise<void> {
  const { key, json } = entry;
  if (!isEntryKey(key)) return refuseKey(engine, token, key);
  return engine.entries.put(token, key, json, request);
}

/** Throws `invalid_token`, `invalid_key`, `key_too_long`, `key_not_found`. */
export async function deleteValue(engine: Engine, token: string, key: string, request: string): Promise<void> {
  if (!isEntryKey(key)) return refuseKey(engine, token, key);
  return engine.entries.delete(token, key, request);
}

/** Lists all keys of the account, in code-unit order. Throws `invalid_token`. */
export function listKeys(engine: Engine, token: string, options: KeyListOptions): Promise<KeyList> {
  return engine.entries.keys(token, options);
}

/** Throws the error of a bad key, but first that of a bad token. */
async function refuseKey(engine: Engine, token: string, key: string): Promise<never> {
  await engine.tokens.check(token);
  throw isTooLongKey(key) ? keyTooLong() : invalidKey();
}
