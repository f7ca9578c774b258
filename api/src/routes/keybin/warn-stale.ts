import type { ServerResponse } from 'node:http';

/**
 * Says that the answer, an error included, may be behind writes that were answered: RFC 7234, section 5.5.1. RFC 9111 took
 * the field away and put nothing in its place.
 */
export function warnStale(response: ServerResponse): void {
  response.setHeader('Warning', '110 - "Response is Stale"');
}
