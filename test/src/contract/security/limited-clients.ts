import { expect } from 'chai';
import type { Answer } from '../../world/clients/keybin-client.js';

let addresses = 0;
/** Returns an address that no test has used. */
export const newAddress = () => `10.9.${(addresses += 1) >> 8}.${addresses & 255}`;

/**
 * Returns the header with which a proxy names its client. A proxy appends the address to the header that the client has
 * sent.
 */
export const from = (address: string) => ({ 'x-forwarded-for': address });

/** Asserts 429 and the headers of a rate limit. */
export function expectTooMany(
  { status, text, headers }: Answer,
  name: string,
  count: number,
  windowSeconds = 600,
): void {
  expect(`${status} ${text}`).to.match(/^429 (Too many requests|\{"error":"Too many requests"\})$/);
  const seconds = Number(headers['retry-after']);
  expect(seconds).to.be.within(1, windowSeconds);
  expect(headers['ratelimit']).to.equal(`"${name}";r=0;t=${seconds}`);
  expect(headers['ratelimit-policy']).to.equal(`"${name}";q=${count};w=${windowSeconds}`);
}
