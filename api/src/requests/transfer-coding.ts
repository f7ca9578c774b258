import type { IncomingMessage } from 'node:http';
import { rawHeader } from './raw-header.js';

/**
 * True unless a request has a transfer coding other than `chunked`. Node's parser refuses most of them itself. It
 * passes on the still compressed bytes of `gzip, chunked`, and any coding beside `Upgrade`. It also takes chunks in
 * HTTP/1.0, where a proxy that does not know them sees another request (RFC 9112, section 6.1).
 */
export function hasKnownTransferCoding(request: Pick<IncomingMessage, 'httpVersion' | 'rawHeaders'>): boolean {
  const coding = rawHeader(request, 'transfer-encoding');
  return coding === undefined || (coding.toLowerCase() === 'chunked' && request.httpVersion !== '1.0');
}
