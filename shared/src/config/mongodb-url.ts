import { createRequire } from 'node:module';
import type * as Driver from 'mongodb';

/**
 * Returns what MongoDB's driver makes of a URL. Throws the driver's error. Connects to nothing. The driver is required
 * here and not imported: the embedded service never loads it, and settings are read synchronously.
 */
function parsedByDriver(url: string): Driver.MongoOptions {
  const { MongoClient } = createRequire(import.meta.url)('mongodb') as typeof Driver; // what the package exports
  return new MongoClient(url).options;
}

/** Returns true if connections to this store use TLS. A `mongodb+srv:` URL implies it. */
export const usesTls = (host: string): boolean => host.startsWith('mongodb') && parsedByDriver(host).tls;

/**
 * Returns why MongoDB's driver refuses this URL, in words of the driver, which hold no password. Returns `undefined` if
 * it accepts the URL.
 */
export function mongodbUrlProblem(url: string): string | undefined {
  try {
    parsedByDriver(url);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.replace(/\.$/, '') : String(error);
  }
}

/** Returns the database in the path of a MongoDB URL, or an empty text. */
export const databaseInUrl = (url: string): string => /^mongodb(?:\+srv)?:\/\/[^/]+\/([^?]*)/.exec(url)?.[1] ?? '';

/** Returns true if the URL has a user name. */
export const hasUser = (url: string): boolean => /^[^/]+\/\/[^/]*@/.test(url);
