import { refusalOfMongoUrl } from './mongodb-url.js';
import { isRedisUrl } from './redis-url.js';
import type { Kind, Parsed } from './value.js';

const mongoExample = 'mongodb://127.0.0.1:27017/';

/** Where the data is: decides the engine. */
export const storeUrl: Kind<string> = {
  accepted: `lmdb://DIRECTORY, such as lmdb://./data, or a MongoDB URL, such as ${mongoExample}`,
  parse(text) {
    if (/^lmdb:\/\/[^\n]+$/.test(text)) return { value: text };
    if (/^mongodb(\+srv)?:\/\/[^\n]*<[^\n]*>/.test(text)) {
      return { accepted: `the address of your MongoDB in place of <...>, such as ${mongoExample}` };
    }
    if (!/^mongodb(\+srv)?:\/\/([^@/\n]*@)?[^@/?\s]+([/?]\S*)?$/.test(text)) return { accepted: this.accepted };
    return mongoUrl(escapeCredentials(text));
  },
};

function mongoUrl(url: string): Parsed<string> {
  const refusal = refusalOfMongoUrl(url);
  if (refusal === undefined) return { value: url };
  return { accepted: `a MongoDB URL that its driver takes, such as ${mongoExample}; it says: ${refusal}` };
}

/**
 * The original's driver took these characters in a user name or password as they are; that of Node wants them
 * percent-encoded.
 */
function escapeCredentials(url: string): string {
  return url.replace(/\/\/[^@/]*@/, (credentials) =>
    credentials.replace(/[#?[\]]/g, (character) => encodeURIComponent(character)),
  );
}

/** Redis, or nothing. Its client would take any option from a URL's parameters, such as to send a write twice. */
export const redisUrl: Kind<string | undefined> = {
  accepted:
    'a Redis URL, such as redis://127.0.0.1:6379 or rediss://:PASSWORD@HOST:6379/0 ' +
    '(special characters of a password percent-encoded), or nothing',
  parse(text) {
    if (text === '') return { value: undefined };
    if (/[?#]/.test(text)) return { accepted: `${this.accepted}; without parameters (? and what follows)` };
    return isRedisUrl(text) ? { value: text } : { accepted: this.accepted };
  },
};

/** `text` without what may be a credential: all before the last `@` of a URL, and passwords among its parameters. */
export function maskCredentials(text: string): string {
  return text.replace(/^([a-z][a-z+]*:\/\/)?.*@/is, '$1***@').replace(/(password=)[^&\s]*/gi, '$1***');
}
