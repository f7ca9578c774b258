import type { IncomingMessage } from 'node:http';
import { rawHeader } from './raw-header.js';

/** True if a request says that it has a body. */
export function hasBody(request: Pick<IncomingMessage, 'rawHeaders'>): boolean {
  return (rawHeader(request, 'content-length') ?? '0') !== '0' || rawHeader(request, 'transfer-encoding') !== undefined;
}
