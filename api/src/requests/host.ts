import type { IncomingMessage } from 'node:http';
import { countRawHeaders } from './raw-header.js';

/** Whether a request names its host once, as it must since HTTP/1.1, or not at all before: RFC 9112, section 3.2. */
export function hasOneHost(request: IncomingMessage): boolean {
  const count = countRawHeaders(request, 'host');
  return count === 1 || (count === 0 && request.httpVersion === '1.0');
}
