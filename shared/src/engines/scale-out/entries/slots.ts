import { entryId } from '../../../ids/entry-name.js';

/** Number of slots in the table of a partition, a power of two. */
const slots = 65_536;

/**
 * Returns the slot of an entry, from 0. A partition's table has, for each slot, the version that was accepted last for
 * one of its entries. While that and the epoch are unchanged, MongoDB has of these entries what it had before.
 *
 * The hash is FNV-1a over code units, folded to 16 bits. All processes must use the same one.
 */
export function slotOf(userId: string, key: string): number {
  const id = entryId(userId, key);
  let hash = 0x811c9dc5;
  for (let at = 0; at < id.length; at++) hash = Math.imul(hash ^ id.charCodeAt(at), 0x01000193);
  return (hash ^ (hash >>> 16)) & (slots - 1);
}
