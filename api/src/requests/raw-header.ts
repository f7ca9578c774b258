import type { IncomingMessage } from 'node:http';

type Raw = Pick<IncomingMessage, 'rawHeaders'>;

/** The first value of a header, `name` in lower case, without the object of all headers, which node makes when that is first asked for. */
export function rawHeader({ rawHeaders }: Raw, name: string): string | undefined {
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const each = rawHeaders[at];
    if (each?.length === name.length && each.toLowerCase() === name) return rawHeaders[at + 1];
  }
  return undefined;
}

/** How often a header is there, `name` in lower case. */
export function countRawHeaders({ rawHeaders }: Raw, name: string): number {
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const each = rawHeaders[at];
    if (each?.length === name.length && each.toLowerCase() === name) count += 1;
  }
  return count;
}
