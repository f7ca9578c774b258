import { randomInt } from 'node:crypto';

/** Below the ports that Linux gives to outgoing connections and to servers which ask for any. */
const [lowestPort, highestPort] = [20_000, 32_000];

const attempts = 20;

/** Nobody listens on it: the service that had it has not been in use for decades, and only root may have it. */
export const unusedPort = 1;

/**
 * Starts a server that cannot choose a port itself. Whoever listens on a port has it: `start` is called with another one when its
 * server says that somebody was first.
 */
export async function onSomePort<T>(start: (port: number) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(randomInt(lowestPort, highestPort));
    } catch (error) {
      if (attempt === attempts || !isAddressInUse(error)) throw error;
    }
  }
}

const isAddressInUse = (error: unknown) =>
  error instanceof Error && /EADDRINUSE|address (already )?in use/i.test(error.message);
