const keyCharacter = '[a-zA-Z0-9_.,]';

/** Most characters of a key. They are ASCII, so a character is a byte. */
const maxKeyLength = 512;

/** Source of a regular expression for a key that keeps all rules. */
export const keyPattern = `${keyCharacter}{1,${maxKeyLength}}`;

const key = new RegExp(`^${keyPattern}$`); // without the flag `m`, `$` is the very end
const tooLongKey = new RegExp(`^${keyCharacter}{${maxKeyLength + 1},}$`);

/** True if `text` keeps the rules for keys of entries. */
export const isEntryKey = (text: string): boolean => key.test(text);

/** True if `text` keeps the rules for keys, except that it is too long. */
export const isTooLongKey = (text: string): boolean => tooLongKey.test(text);
