import { hash } from 'node:crypto';

/** More than a name was ever found to need, so that no name keeps the loop going. */
const maxPasses = 4;

/**
 * Returns the SHA-256 of a name's folded form. Names that differ only in case, width, composition or invisible
 * characters have the same. The hash bounds the length: the folded form can be 18 times as long as the name.
 *
 * The form stands for that of NFKC_Casefold (Unicode, section 3.13). Node has no case folding. A library would bring a
 * table of its own, of another version of Unicode than Node's. Going to upper case and back needs none: compared with
 * Python's `casefold` for every character, it merges the same ones, and `ı` with `i`, which look alike anyway.
 */
export function foldedName(username: string): string {
  let folded = username;
  for (let pass = 0; pass < maxPasses; pass++) {
    const previous = folded;
    const visible = folded.normalize('NFKC').replace(/\p{Default_Ignorable_Code_Point}/gu, '');
    folded = visible.toUpperCase().toLowerCase().normalize('NFKC');
    if (folded === previous) break;
  }
  return hash('sha256', folded);
}
