import type { Secrets } from '../../../ports/engine.js';
import type { Databases } from '../lmdb/databases.js';
import type { Reads } from '../transactions/reads.js';
import type { EmbeddedGroupCommit } from '../transactions/group-commit.js';

/** Keeps secrets in LMDB, in the database of what all processes must agree on. */
export function embeddedSecrets({ meta }: Databases, reads: Reads, writes: EmbeddedGroupCommit): Secrets {
  return {
    async agree(name, proposed) {
      const key = `secret/${name}`;
      // Read first, so that a start needs no write: a slow disk or another process could hold that up
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
