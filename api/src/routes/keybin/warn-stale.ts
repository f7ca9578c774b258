import type { ServerResponse } from 'node:http';

/**
 * Marks a response, errors included, that may miss acknowledged writes (RFC 7234, section 5.5.1). RFC 9111 removed the
 * field without a replacement.
 */
export function warnStale(response: ServerResponse): void {
  response.setHeader('Warning', '110 - "Response is Stale"');
}
