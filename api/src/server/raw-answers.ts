import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  bodyTooSlow,
  headersTooLarge,
  methodNotAllowed,
  requestNotHttp,
  type KeybinError,
} from '@keybin/shared/errors.js';
import { textContentType } from '../answers/answers.js';
import { errorAnswer } from '../answers/error-answer.js';
import { securityHeaders } from '../requests/security-headers.js';

/** Time for a client to read such a response and to close its side. Then the connection is cut. */
const lingerMs = 1_000;
/** Methods of all routes. A request that cannot be parsed has no path to look up. */
const allMethods = 'GET, HEAD, POST, DELETE';

/** Node's code for a request that took too long to arrive. */
export const late = 'ERR_HTTP_REQUEST_TIMEOUT';
/** Code of node's parser for a method that it does not know. */
export const unknownMethod = 'HPE_INVALID_METHOD';

/** Returns the error for a request that the parser refused with this code. */
export function parseError(code: string | undefined): KeybinError {
  if (code === unknownMethod) return methodNotAllowed();
  if (code === 'HPE_HEADER_OVERFLOW') return headersTooLarge();
  if (code === late) return bodyTooSlow();
  return requestNotHttp();
}

/**
 * Sends a response on a connection that has no request, and closes the connection. If it were cut at once, the response
 * might be lost. If it were left to the client, it might never close, and a drain would never end.
 */
export function endWithRawAnswer(socket: Duplex, error: KeybinError): void {
  const { status, body } = errorAnswer(error, 'keybin', undefined); // as text, because no `Accept` was read
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `Content-Type: ${textContentType}`,
    `Content-Length: ${body.length}`,
    'Connection: close',
    ...securityHeaders.map(([name, value]) => `${name}: ${value}`),
  ];
  if (status === 405) lines.push(`Allow: ${allMethods}`);
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
  const cut = setTimeout(() => socket.destroy(), lingerMs);
  socket.once('close', () => clearTimeout(cut));
}
