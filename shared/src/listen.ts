import type { AddressInfo, Server } from 'node:net';

/**
 * Listens, and returns the address as a URL such as `http://127.0.0.1:5000`. Port 0 takes a free one. Throws the system's error, such as
 * `EADDRINUSE`, if it cannot listen there.
 */
export async function listen(server: Server, port: number, host: string): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const { address, family, port: taken } = server.address() as AddressInfo; // an object for every server that listens on TCP
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${taken}`;
}
