import ipaddr from 'ipaddr.js';
import type { Context } from 'koa';

/** Parts of an IPv6 address that identify a client. It may use any address with the same first 64 bits (RFC 6177). */
const clientParts = 4;

/**
 * Returns the address that a request is counted for: an IPv4 address, or an IPv6 network of 64 bits. Koa determines the
 * client's address, by `[APP] trust_proxy`. Some proxies add a port to it, which is removed.
 */
export function clientAddress(ctx: Pick<Context, 'ip'>): string {
  const text = ctx.ip.replace(/^\[(.*)\](?::\d+)?$/, '$1').replace(/^([\d.]+):\d+$/, '$1');
  if (!ipaddr.isValid(text)) return text; // as a trusted proxy calls it, such as `unknown`
  const address = ipaddr.process(text);
  if (!(address instanceof ipaddr.IPv6)) return address.toString();
  return `${address.parts
    .slice(0, clientParts)
    .map((part) => part.toString(16))
    .join(':')}::/64`;
}

/**
 * Returns the IPv6 network of 48 bits that a `clientAddress` is part of. A site may have such a one (RFC 6177), with
 * 65,536 client addresses. Returns `undefined` for any other address.
 */
export function siteOf(address: string): string | undefined {
  const [, site] = /^((?:[\da-f]+:){2}[\da-f]+):[\da-f]+::\/64$/.exec(address) ?? [];
  return site === undefined ? undefined : `${site}::/48`;
}
