import type { IncomingMessage } from 'node:http';
import { countRawHeaders } from './raw-header.js';

/** True if a request names its host once, or not at all in HTTP/1.0 (RFC 9112, section 3.2). */
export function hasOneHost(request: IncomingMessage): boolean {
  const count = countRawHeaders(request, 'host');
  return count === 1 || (count === 0 && request.httpVersion === '1.0');
}
