import type { Secrets } from '../../ports.js';
import type { Databases } from './environment.js';
import type { Reads } from './reads.js';
import type { Writes } from './writes.js';

/** Secrets in LMDB, among what else all processes must agree on. */
export function lmdbSecrets({ meta }: Databases, reads: Reads, writes: Writes): Secrets {
  return {
    async agree(name, proposed) {
      const key = `secret/${name}`;
      // A start needs no write then, which a slow disk or another process could hold up
      const agreed = await reads.ask(() => meta.get(key));
      if (agreed !== undefined) return agreed;
      return writes.apply(() => {
        const stored = meta.get(key);
        if (stored === undefined) void meta.put(key, proposed);
        return stored ?? proposed;
      });
    },
  };
}
