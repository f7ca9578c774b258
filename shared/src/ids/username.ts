const maxUsernameBytes = 256;
const controlOrLoneSurrogate = /[\p{Cc}\p{Cs}]/u;

/** Returns true if an account may have this name. */
export function isUsername(text: string): boolean {
  return text !== '' && Buffer.byteLength(text) <= maxUsernameBytes && !controlOrLoneSurrogate.test(text);
}
