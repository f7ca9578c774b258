const maxUsernameBytes = 256;
const controlOrLoneSurrogate = /[\p{Cc}\p{Cs}]/u;

/** Returns true if an account may have this name. An account of an older Keybin may have one that no new one may. */
export function isUsername(text: string): boolean {
  return text !== '' && Buffer.byteLength(text) <= maxUsernameBytes && !controlOrLoneSurrogate.test(text);
}

/** Sequences that Unicode lists as emoji. A literal with this flag would need a newer target of the compiler. */
const emoji = new RegExp(String.raw`\p{RGI_Emoji}`, 'gv');
/** Format characters, which nobody can see, so that two names would look the same; and unassigned ones. */
const invisibleOrUnassigned = /[\p{Cf}\p{Cn}]/u;

/** Joiners within words of scripts that need them, such as those of Persian and Hindi. */
const joiner = /(?<=[\p{L}\p{M}])(?<![\p{sc=Latin}\p{sc=Greek}\p{sc=Cyrillic}])[\u200c\u200d](?=[\p{L}\p{M}])/gu;

/**
 * Returns true if a new account may have this name. Emoji may have format characters in them, and some words joiners.
 * They are removed first: one expression for all would try each way to read a flag or a digit, as an emoji or not.
 */
export const isNewUsername = (text: string): boolean =>
  isUsername(text) && !invisibleOrUnassigned.test(text.replace(emoji, '').replace(joiner, ''));

/** Returns true if a name has one form only: it is NFC, without white space at its ends. */
export const isInOneForm = (username: string): boolean =>
  username.normalize('NFC') === username && username.trim() === username;
