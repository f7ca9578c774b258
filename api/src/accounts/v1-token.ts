import { v4 as uuid } from 'uuid';

/**
 * Prefix of the tokens of `/v1`. A token belongs to its dialect, but the store would accept any. Tokens of the
 * key/value dialect are UUIDs and never begin like this.
 */
const prefix = 'v1.';

export const newV1Token = (): string => prefix + uuid();

export const isV1Token = (token: string): boolean => token.startsWith(prefix);
