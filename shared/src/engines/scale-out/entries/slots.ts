import { entryId } from '../../../ids/entry-name.js';

/** Number of slots in the table of a partition, a power of two. */
const slots = 65_536;

/**
 * Returns a function that tells the slot, from 0, of each of an account's keys. A partition's table has, for each slot,
 * the version that was accepted last for one of its entries. While that and the epoch are unchanged, MongoDB has of
 * these entries what it had before.
 *
 * The hash is FNV-1a over code units of the entry's id, folded to 16 bits. All processes must use the same one. Its
 * first half, over the user id, is computed once for the account.
 */
export function slotsOf(userId: string): (key: string) => number {
  const begun = hashOn(0x811c9dc5, entryId(userId, ''));
  return (key) => {
    const hash = hashOn(begun, key);
    return (hash ^ (hash >>> 16)) & (slots - 1);
  };
}

function hashOn(hash: number, text: string): number {
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash;
}
