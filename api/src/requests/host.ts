import type { IncomingMessage } from 'node:http';
import type { Context } from 'koa';
import { invalidHost, malformedHost, type KeybinError } from '@keybin/shared/errors.js';
import { countRawHeaders, rawHeader } from './raw-header.js';

/** Characters of host names and IP addresses, and of the port after them. */
const hostCharacters = /^[\w.:[\]~-]+$/;

/** Latest host that was found valid. Nearly all requests to a process name the same one. */
let validHost: string | undefined;

/** True for a host name or an IP address, with or without a port. */
export function isHost(text: string): boolean {
  return hostCharacters.test(text) && URL.canParse(`http://${text}`);
}

/**
 * Returns `invalid_host` unless a request names its host once and well-formed, or not at all in HTTP/1.0 (RFC 9112,
 * section 3.2).
 */
export function hostProblem(request: IncomingMessage): KeybinError | undefined {
  const count = countRawHeaders(request, 'host');
  if (count === 0 && request.httpVersion === '1.0') return undefined;
  if (count !== 1) return invalidHost();
  const host = rawHeader(request, 'host') ?? '';
  if (host === validHost) return undefined;
  if (!isHost(host)) return malformedHost();
  validHost = host;
  return undefined;
}

/**
 * Returns what the first proxy says in an `X-Forwarded-` header, unchecked; `''` if there is none, or if no proxy is
 * trusted.
 */
export function forwarded(ctx: Pick<Context, 'app' | 'get'>, name: `X-Forwarded-${string}`): string {
  return ctx.app.proxy ? (ctx.get(name).split(',', 1)[0] ?? '').trim() : '';
}

/** Returns the host by which the client reaches this service, or `''` if a request in HTTP/1.0 names none. */
export function hostOf(ctx: Pick<Context, 'app' | 'get'>): string {
  const host = forwarded(ctx, 'X-Forwarded-Host');
  return isHost(host) ? host : ctx.get('Host');
}
