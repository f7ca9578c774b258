import { hash } from 'node:crypto';

/**
 * Returns the hash under which the name of an erased account is remembered until none of its data can come back. It
 * shows whether a given name was erased, but not the name.
 */
export const erasedName = (username: string): string => hash('sha256', username);
