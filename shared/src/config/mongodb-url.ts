import { createRequire } from 'node:module';
import type * as Driver from 'mongodb';

/**
 * Returns why MongoDB's driver refuses this URL, in words of the driver, which hold no password. Returns `undefined` if
 * it accepts the URL. The driver is required here and not imported: the embedded service never loads it, and settings
 * are read synchronously.
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

/** Returns the database in the path of a MongoDB URL, or an empty text. */
export const databaseInUrl = (url: string): string => /^mongodb(?:\+srv)?:\/\/[^/]+\/([^?]*)/.exec(url)?.[1] ?? '';

/** Returns true if the URL has a user name. */
export const hasUser = (url: string): boolean => /^[^/]+\/\/[^/]*@/.test(url);
