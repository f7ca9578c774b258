import type { Duplex } from 'node:stream';
import { securityHeaders } from './security-headers.js';

/** How long a client has to read such an answer and to end its own side; the connection is cut then. */
const lingerMs = 1_000;
/** Of all routes: what cannot be parsed has no path to look up. */
const allMethods = 'GET, HEAD, POST, DELETE';

export type RawStatus = 400 | 405 | 408 | 431;

const answers: Readonly<Record<RawStatus, { reason: string; message: string }>> = {
  400: { reason: 'Bad Request', message: 'Request is not HTTP' },
  405: { reason: 'Method Not Allowed', message: 'Method not allowed' },
  408: { reason: 'Request Timeout', message: 'Request took too long to arrive' },
  431: { reason: 'Request Header Fields Too Large', message: 'Request headers are too large' },
};

/** The status for what the parser refused, by the code of its error. */
export function statusOfParseError(code: string | undefined): RawStatus {
  if (code === 'HPE_INVALID_METHOD') return 405;
  if (code === 'HPE_HEADER_OVERFLOW') return 431;
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 408;
  return 400;
}

/**
 * Answers on a connection that has no request to answer, and ends it. Cut at once, the connection might lose the answer; left
 * to the client, it might never end, and no drain either.
 */
export function endWithAnswer(socket: Duplex, status: RawStatus): void {
  const { reason, message } = answers[status];
  const lines = [
    `HTTP/1.1 ${status} ${reason}`,
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${message.length}`,
    'Connection: close',
    ...securityHeaders.map(([name, value]) => `${name}: ${value}`),
  ];
  if (status === 405) lines.push(`Allow: ${allMethods}`);
  socket.end(`${lines.join('\r\n')}\r\n\r\n${message}`);
  const cut = setTimeout(() => socket.destroy(), lingerMs);
  socket.once('close', () => clearTimeout(cut));
}
