import type { ServerResponse } from 'node:http';

/** Returns a signal that aborts when a response has been sent, or when its client has disconnected. */
export function untilClosed(response: ServerResponse): AbortSignal {
  const closed = new AbortController();
  if (response.destroyed) closed.abort();
  else response.once('close', () => closed.abort());
  return closed.signal;
}
