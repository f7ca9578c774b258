import type { Entries, OnStale } from '@keybin/shared/ports/engine.js';

/** Returns all keys that the token's account has, as the engine lists them. */
export async function allKeys(entries: Pick<Entries, 'keys'>, token: string, onStale?: OnStale): Promise<string[]> {
  const { signal } = new AbortController();
  const { first, more } = await entries.keys(token, onStale ? { signal, onStale } : { signal });
  const pages = [first];
  for await (const page of more ?? []) pages.push(page);
  return pages.flat();
}
