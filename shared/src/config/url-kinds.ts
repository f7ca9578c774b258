import { mongodbUrlProblem } from './mongodb-url.js';
import { isRedisUrl, isUrlOfSeveral, parseClusterUrl, parseSentinelUrl } from './redis-url.js';
import type { SettingKind, Parsed } from './setting-kinds.js';

const mongoExample = 'mongodb://127.0.0.1:27017/';

/** URL of the store. It selects the engine. */
export const storeUrlKind: SettingKind<string> = {
  accepted: `lmdb://DIRECTORY, such as lmdb://./data, or a MongoDB URL, such as ${mongoExample}`,
  parse(text) {
    if (/^lmdb:\/\/[^\n]+$/.test(text)) return { value: text };
    if (/^mongodb(\+srv)?:\/\/[^\n]*<[^\n]*>/.test(text)) {
      return { accepted: `the address of your MongoDB instead of <...>, such as ${mongoExample}` };
    }
    if (!/^mongodb(\+srv)?:\/\/([^@/\n]*@)?[^@/?\s]+([/?]\S*)?$/.test(text)) return { accepted: this.accepted };
    return mongoUrl(escapeCredentials(text));
  },
};

function mongoUrl(url: string): Parsed<string> {
  const refusal = mongodbUrlProblem(url);
  if (refusal === undefined) return { value: url };
  return { accepted: `a MongoDB URL that the driver accepts, such as ${mongoExample}; the driver says: ${refusal}` };
}

/**
 * Percent-encodes some characters in a user name or password. The driver of the original accepted them as they are, but
 * Node's wants them encoded.
 */
function escapeCredentials(url: string): string {
  return url.replace(/\/\/[^@/]*@/, (credentials) =>
    credentials.replace(/[#?[\]]/g, (character) => encodeURIComponent(character)),
  );
}

const clusterExample = 'redis+cluster://10.0.0.1:6379,10.0.0.2:6379,10.0.0.3:6379';
const sentinelExample = 'redis+sentinel://10.0.0.1:26379,10.0.0.2:26379,10.0.0.3:26379/NAME';

/**
 * URL of a Redis, of a Redis Cluster or of sentinels, or nothing. It may have no parameters: the client would accept
 * any option from them, such as to send a write twice.
 */
export const redisUrlKind: SettingKind<string | undefined> = {
  accepted:
    'a Redis URL, such as redis://127.0.0.1:6379 or rediss://:PASSWORD@HOST:6379/0 ' +
    `(special characters of a password percent-encoded), nodes of a Redis Cluster, such as ${clusterExample}, ` +
    `sentinels, such as ${sentinelExample}, or nothing`,
  parse(text) {
    if (text === '') return { value: undefined };
    if (/[?#]/.test(text)) return { accepted: `${this.accepted}; without parameters after ?` };
    if (isRedisUrl(text) || parseClusterUrl(text) || parseSentinelUrl(text)) return { value: text };
    if (!isUrlOfSeveral(text)) return { accepted: this.accepted + (namesSeveral(text) ? `; ${severalAre}` : '') };
    return { accepted: `${this.accepted}; for several servers: ${severalForm}` };
  },
};

const namesSeveral = (text: string) => /^rediss?:\/\/[^/]*,/.test(text);
const severalAre = 'several nodes require redis+cluster:// or redis+sentinel://, or rediss+... (TLS)';
const severalForm =
  'HOST:PORT separated by commas without spaces, user and password only before the first, no database; ' +
  'with sentinels the name of the primary at the end';

/** URL by which clients reach the API, or nothing. Its value has no slash at the end. */
export const publicUrlKind: SettingKind<string | undefined> = {
  accepted:
    'an http:// or https:// URL without a user name and without a query, such as https://keybin.example.org, or nothing',
  parse(text) {
    if (text === '') return { value: undefined };
    if (!/^https?:\/\/[^/?#@\s]+(\/[^?#\s]*)?$/i.test(text) || !URL.canParse(text)) return { accepted: this.accepted };
    return { value: new URL(text).href.replace(/\/+$/, '') };
  },
};

/** URL that codes are posted to, or nothing. */
export const webhookUrlKind: SettingKind<string | undefined> = {
  accepted: 'an http:// or https:// URL without a user name, such as https://example.org/codes, or nothing',
  parse(text) {
    if (text === '') return { value: undefined };
    if (!/^https?:\/\/[^/?#@\s]+([/?][^#\s]*)?$/i.test(text) || !URL.canParse(text)) return { accepted: this.accepted };
    return { value: text };
  },
};

/**
 * Masks possible credentials: everything before the last `@` of a URL, and passwords and session tokens among its
 * parameters.
 */
export function maskCredentials(text: string): string {
  return text
    .replace(/^([a-z][a-z+]*:\/\/)?.*@/is, '$1***@')
    .replace(/(password=|session_token(?::|%3a))[^&\s]*/gi, '$1***');
}
