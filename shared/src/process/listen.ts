import type { AddressInfo, Server } from 'node:net';
import { variableOf } from '../config/settings.js';

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'address already in use',
  EACCES: 'no permission to use this port',
};

/**
 * Listens, and returns the address as a URL such as `http://127.0.0.1:5000`. Port 0 takes a free port. Throws if it
 * cannot listen there. The message names the port setting of `section` if another port would help.
 */
export async function listen(server: Server, port: number, host: string, section: 'APP' | 'WORKER'): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      server.on('error', () => {}); // a connection cannot be accepted: `DescriptorWatch` says why
      resolve();
    });
  }).catch((error: NodeJS.ErrnoException) => {
    const reason = reasons[error.code ?? ''];
    if (reason === undefined) throw error;
    const remedy = `choose another port with [${section}] port or ${variableOf(section, 'port')}`;
    throw new Error(`${host}:${port}: ${reason} (${error.code}); ${remedy}`, { cause: error });
  });
  // an object for every server that listens on TCP
  const { address, family, port: taken } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${taken}`;
}
