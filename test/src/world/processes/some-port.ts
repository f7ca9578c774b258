import { randomInt } from 'node:crypto';

/** Range below the ports that Linux gives to outgoing connections and to servers that ask for any port. */
const [lowestPort, highestPort] = [20_000, 32_000];

const attempts = 20;

/** Port without a listener. Its service has been out of use for decades, and only root may listen on it. */
export const unusedPort = 1;

/**
 * Starts a server that cannot choose a port itself. No port is reserved before: if another program has the port,
 * `start` is called with another one.
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
