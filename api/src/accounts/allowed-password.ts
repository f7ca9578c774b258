/** Longest password: bcrypt ignores further bytes. */
const maxPasswordBytes = 72;

/** Characters that no password may have. Lone surrogates have no UTF-8 encoding, so all of them would hash alike. */
const nulOrLoneSurrogate = /[\0\p{Cs}]/u;

/** True if an account may have this password. */
export function isAllowedPassword(text: string): boolean {
  return text !== '' && Buffer.byteLength(text) <= maxPasswordBytes && !nulOrLoneSurrogate.test(text);
}
