import type { Cursor } from './records.js';

/** How far an account has been exported: after which entry, post and file, and after which chunk of the last file. */
export interface Position {
  readonly key: string;
  readonly postId: string;
  readonly fileId: string;
  /** The last file was begun and has chunks from this one on; `undefined`: it is complete, or there is none. */
  readonly nextChunk: number | undefined;
}

export const atTheBeginning: Position = { key: '', postId: '', fileId: '', nextChunk: undefined };

/** Greater than every key. */
export const afterAllKeys = '~';

/** Where the last account of an export that was broken off goes on. */
export function positionOf({ last }: Cursor): Position {
  switch (last.type) {
    case 'account':
      return atTheBeginning;
    case 'entry':
      return { ...atTheBeginning, key: last.key };
    case 'post':
      return { ...atTheBeginning, key: afterAllKeys, postId: last.id };
    case 'file':
      return { ...afterPosts, fileId: last.file.id, nextChunk: 0 };
    case 'chunk':
      return { ...afterPosts, fileId: last.fileId, nextChunk: last.n + 1 };
    default:
      return { ...afterPosts, fileId: last.fileId ?? afterAllKeys };
  }
}

const afterPosts: Position = { ...atTheBeginning, key: afterAllKeys, postId: afterAllKeys };
