import { unavailable, orUnavailable } from '../../../errors.js';
import type { Secrets } from '../../../ports/engine.js';
import type { Database } from '../mongodb/database.js';
import { isDuplicateError } from '../mongodb/errors.js';

/** Secrets in MongoDB, in the collection of values that all processes agree on. */
export class ScaleOutSecrets implements Secrets {
  constructor(private readonly database: Pick<Database, 'settings' | 'bounded'>) {}

  async agree(name: string, proposed: string): Promise<string> {
    const id = `secret/${name}`;
    // Read first, so that a start writes nothing if the secret exists
    return (await this.#find(id)) ?? (await this.#insert(id, proposed));
  }

  async #find(id: string): Promise<string | undefined> {
    const stored = await orUnavailable(this.database.settings.findOne({ _id: id }, this.database.bounded));
    return stored ? String(stored.value) : undefined;
  }

  /** Inserts the secret. Resolves with the one that was inserted first, which may be another process's. */
  async #insert(id: string, value: string): Promise<string> {
    const insert = this.database.settings
      .insertOne({ _id: id, value }, this.database.bounded)
      .catch((error: unknown) => {
        if (!isDuplicateError(error)) throw error;
      });
    await orUnavailable(insert);
    const agreed = await this.#find(id);
    if (agreed === undefined) throw unavailable(new Error('a secret is not durable yet')); // another process inserts it
    return agreed;
  }
}
