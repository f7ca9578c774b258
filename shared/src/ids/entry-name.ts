/** Name of an entry. On the scale-out engine a post has one too: its key begins with `~`. */
export interface EntryName {
  readonly userId: string;
  readonly key: string;
}

/**
 * Returns `<user>/<key>`: the entry's `_id` in MongoDB, its member in Redis, and its name for operators. Neither part
 * has a `/`.
 */
export const entryId = (userId: string, key: string): string => `${userId}/${key}`;

/** Returns the user id in an `entryId`, or in another id that begins with `<user>/`. */
export const userIdIn = (id: string): string => id.slice(0, id.indexOf('/'));

/** Returns the key in an `entryId`. */
export const keyIn = (id: string): string => id.slice(id.indexOf('/') + 1);

export const parseEntryId = (id: string): EntryName => ({ userId: userIdIn(id), key: keyIn(id) });

/** Returns the name in a text that a person typed, or `undefined` if it is not `<user>/<key>`. */
export function readEntryName(text: string): EntryName | undefined {
  return /^[^/]+\/[^/]+$/.test(text) ? parseEntryId(text) : undefined;
}
