import { createHash, timingSafeEqual } from 'node:crypto';

/**
 * Returns true if an `Authorization` header has the token (RFC 6750, section 2.1), or if no token is required. The time
 * that it takes reveals nothing about the token.
 */
export function bearerMatches(authorization: string | undefined, token: string | undefined): boolean {
  if (token === undefined) return true;
  const given = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1] ?? '';
  return timingSafeEqual(digest(given), digest(token));
}

/** Returns a hash, so that texts of any length can be compared in constant time. */
const digest = (text: string) => createHash('sha256').update(text).digest();
