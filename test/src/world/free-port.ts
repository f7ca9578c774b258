import { once } from 'node:events';
import { createServer } from 'node:net';

/** A port that is free now; another process may take it before it is used, so that start-up must cope with that. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('A TCP server has no port');
  await new Promise((resolve) => server.close(resolve));
  return address.port;
}

const attempts = 5;

/** Runs `start` with a free port, and with another one if it fails because somebody else took the port meanwhile. */
export async function onFreePort<T>(start: (port: number) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(await freePort());
    } catch (error) {
      if (attempt === attempts || !isAddressInUse(error)) throw error;
    }
  }
}

/** Whether a process could not be started because its port was taken: servers say so in their output. */
export const isAddressInUse = (error: unknown) =>
  error instanceof Error && /EADDRINUSE|address (already )?in use/i.test(error.message);
