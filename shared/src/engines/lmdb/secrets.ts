import type { Secrets } from '../../ports.js';
import type { Databases } from './environment.js';
import type { Writes } from './writes.js';

/** Secrets in LMDB, among what else all processes must agree on. */
export function lmdbSecrets({ meta }: Databases, writes: Writes): Secrets {
  return {
    agree: (name, proposed) =>
      writes.apply(() => {
        const key = `secret/${name}`;
        const stored = meta.get(key);
        if (stored === undefined) void meta.put(key, proposed);
        return stored ?? proposed;
      }),
  };
}
