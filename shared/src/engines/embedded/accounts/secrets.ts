import type { Secrets } from '../../../ports/engine.js';
import type { Databases } from '../lmdb/databases.js';
import type { Reads } from '../transactions/reads.js';
import type { EmbeddedGroupCommit } from '../transactions/group-commit.js';

/** Secrets in LMDB, among what else all processes must agree on. */
export function embeddedSecrets({ meta }: Databases, reads: Reads, writes: EmbeddedGroupCommit): Secrets {
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
