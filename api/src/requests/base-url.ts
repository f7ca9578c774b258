import type { Context } from 'koa';
import { forwarded, hostOf } from './host.js';

/**
 * Returns the URL of this service, without a slash at its end: `[APP] public_url`, or else the one by which the client
 * reaches it. If the client named no host, it is the address of this process.
 */
export function baseUrl(ctx: Pick<Context, 'app' | 'get' | 'socket'>, publicUrl: string | undefined): string {
  if (publicUrl !== undefined) return publicUrl;
  const scheme = /^https$/i.test(forwarded(ctx, 'X-Forwarded-Proto')) ? 'https' : 'http';
  const host = hostOf(ctx);
  if (host !== '') return new URL(`${scheme}://${host}`).origin;
  const { localAddress = '', localPort } = ctx.socket;
  return `${scheme}://${localAddress.includes(':') ? `[${localAddress}]` : localAddress}:${localPort}`;
}
