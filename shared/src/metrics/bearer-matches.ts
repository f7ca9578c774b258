import { createHash, timingSafeEqual } from 'node:crypto';

/** Whether an `Authorization` header has the token (RFC 6750, section 2.1), in a time that tells nothing of it; or none is wanted. */
export function bearerMatches(authorization: string | undefined, token: string | undefined): boolean {
  if (token === undefined) return true;
  const given = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1] ?? '';
  return timingSafeEqual(digest(given), digest(token));
}

/** Of one length, whatever was given. */
const digest = (text: string) => createHash('sha256').update(text).digest();
