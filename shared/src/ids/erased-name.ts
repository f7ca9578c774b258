import { hash } from 'node:crypto';

/** The name of an erased account, as it is remembered until nothing of it can come back: enough to ask for, not to read. */
export const erasedName = (username: string): string => hash('sha256', username);
