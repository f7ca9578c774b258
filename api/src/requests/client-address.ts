import ipaddr from 'ipaddr.js';
import type { Context } from 'koa';

/** Of an IPv6 address what is one client's: it may take any other one with the same first 64 bits (RFC 6177). */
const clientParts = 4;

/**
 * Whom a request is counted for: an IPv4 address, or an IPv6 network of 64 bits. Which address the client has is for Koa to say,
 * by `[APP] trust_proxy`; some proxies add a port to it.
 */
export function clientAddress(ctx: Pick<Context, 'ip'>): string {
  const text = ctx.ip.replace(/^\[(.*)\](?::\d+)?$/, '$1').replace(/^([\d.]+):\d+$/, '$1');
  if (!ipaddr.isValid(text)) return text; // what a trusted proxy calls it, such as `unknown`
  const address = ipaddr.process(text);
  if (!(address instanceof ipaddr.IPv6)) return address.toString();
  return `${address.parts
    .slice(0, clientParts)
    .map((part) => part.toString(16))
    .join(':')}::/64`;
}
