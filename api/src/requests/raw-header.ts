import type { IncomingMessage } from 'node:http';

type Raw = Pick<IncomingMessage, 'rawHeaders'>;

/**
 * Returns the first value of a header. `name` is in lower case. It avoids the object of all headers, which node makes
 * on first use.
 */
export function rawHeader({ rawHeaders }: Raw, name: string): string | undefined {
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const each = rawHeaders[at];
    if (each?.length === name.length && each.toLowerCase() === name) return rawHeaders[at + 1];
  }
  return undefined;
}

/** Returns how often a header occurs. `name` is in lower case. */
export function countRawHeaders({ rawHeaders }: Raw, name: string): number {
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const each = rawHeaders[at];
    if (each?.length === name.length && each.toLowerCase() === name) count += 1;
  }
  return count;
}
