import { createRequire } from 'node:module';
import type * as Driver from 'mongodb';

/**
 * Why MongoDB's driver refuses this URL, in its own words, which hold no password; `undefined` if it does not. The driver is
 * loaded for this and not imported, since the embedded service never loads it, and settings are read in one go.
 */
export function mongodbUrlProblem(url: string): string | undefined {
  const { MongoClient } = createRequire(import.meta.url)('mongodb') as typeof Driver; // what the package exports
  try {
    void new MongoClient(url); // connects to nothing yet
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.replace(/\.$/, '') : String(error);
  }
}
