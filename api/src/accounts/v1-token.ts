import { v4 as uuid } from 'uuid';

/**
 * Tokens belong to their dialect. The store would take any, so those of the accounts dialect say that they are its own: no
 * token of the Keybin dialect, a UUID, begins like that.
 */
const prefix = 'v1.';

export const newV1Token = (): string => prefix + uuid();

export const isV1Token = (token: string): boolean => token.startsWith(prefix);
