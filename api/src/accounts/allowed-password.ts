/** bcrypt ignores the rest. */
const maxPasswordBytes = 72;

/** Lone surrogates have no UTF-8: all would hash alike. */
const nulOrLoneSurrogate = /[\0\p{Cs}]/u;

/** Whether an account may have this password. */
export function isAllowedPassword(text: string): boolean {
  return text !== '' && Buffer.byteLength(text) <= maxPasswordBytes && !nulOrLoneSurrogate.test(text);
}
