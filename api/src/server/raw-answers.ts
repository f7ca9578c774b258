import { STATUS_CODES } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  bodyTooSlow,
  headersTooLarge,
  methodNotAllowed,
  requestNotHttp,
  transferEncodingNotSupported,
  type KeybinError,
} from '@keybin/shared/errors.js';
import { errorAnswer } from '../answers/error-answer.js';
import { securityHeaders } from '../answers/security-headers.js';

/** Time for a client to read such a response and to close its side. Then the connection is cut. */
const lingerMs = 1_000;
/** Methods of all routes. A request that cannot be parsed has no path to look up. */
const allMethods = 'GET, HEAD, POST, DELETE';

/** Node's code for a request that took too long to arrive. */
export const late = 'ERR_HTTP_REQUEST_TIMEOUT';
/** Code of node's parser for a method that it does not know. */
export const unknownMethod = 'HPE_INVALID_METHOD';
/** Its code for a body of which it cannot tell the end. */
export const unknownCoding = 'HPE_INVALID_TRANSFER_ENCODING';

/** Returns the error for a request that the parser refused with this code. */
export function parseError(code: string | undefined): KeybinError {
  if (code === unknownMethod) return methodNotAllowed();
  if (code === 'HPE_HEADER_OVERFLOW') return headersTooLarge();
  if (code === late) return bodyTooSlow();
  if (code === unknownCoding) return transferEncodingNotSupported();
  return requestNotHttp();
}

/**
 * Reads and drops what the client still sends, from now on. Bytes that nobody reads would reset the connection when it
 * is closed, and a response that the client has not read yet would be lost.
 */
export function discardRest(socket: Duplex): void {
  socket.removeAllListeners('data'); // node's parser would report the same error for each packet
  socket.on('data', () => {});
  socket.resume();
  // Node calls this after a response with `Connection: close`
  if (socket instanceof Socket) socket.destroySoon = () => endGently(socket);
}

/**
 * Ends a connection once everything written to it has been sent. If it were cut at once, a response might be lost. If
 * it were left to the client, it might never close, and a drain would never end.
 */
export function endGently(socket: Duplex): void {
  socket.end();
  const cut = setTimeout(() => socket.destroy(), lingerMs);
  socket.once('close', () => clearTimeout(cut));
}

/** Sends a response on a connection that has no request, and ends the connection. */
export function endWithRawAnswer(socket: Duplex, error: KeybinError): void {
  const { status, headers, body } = errorAnswer(error, 'keybin', undefined); // as text, because no `Accept` was read
  const fields = [
    ...headers,
    ['Content-Length', Buffer.byteLength(body)],
    ['Connection', 'close'],
    ...securityHeaders,
    ...(status === 405 ? [['Allow', allMethods]] : []),
  ];
  const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...fields.map(([name, value]) => `${name}: ${value}`)];
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  endGently(socket);
}
