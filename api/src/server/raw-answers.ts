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

/** How long a client has to read such an answer and to end its own side; the connection is cut then. */
const lingerMs = 1_000;
/** Of all routes: what cannot be parsed has no path to look up. */
const allMethods = 'GET, HEAD, POST, DELETE';

/** Node's code for a request that took too long to arrive. */
export const late = 'ERR_HTTP_REQUEST_TIMEOUT';
/** Its parser's code for a method that it does not know. */
export const unknownMethod = 'HPE_INVALID_METHOD';

/** Returns the error for which the parser refused a request, by the code of its own error. */
export function parseError(code: string | undefined): KeybinError {
  if (code === unknownMethod) return methodNotAllowed();
  if (code === 'HPE_HEADER_OVERFLOW') return headersTooLarge();
  if (code === late) return bodyTooSlow();
  return requestNotHttp();
}

/**
 * Answers on a connection that has no request to answer, and ends it. Cut at once, the connection might lose the answer; left
 * to the client, it might never end, and no drain either.
 */
export function endWithRawAnswer(socket: Duplex, error: KeybinError): void {
  const { status, body } = errorAnswer(error, 'keybin', undefined); // as text, since no `Accept` was read
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
