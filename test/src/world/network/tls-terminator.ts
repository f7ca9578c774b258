import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { createServer, type Server } from 'node:tls';
import type { Certificates } from '../services/certificates.js';

/** TLS in front of a server of this machine that has none: it passes on the bytes of each connection. */
export class TlsTerminator {
  private constructor(
    private readonly server: Server,
    private readonly sockets: ReadonlySet<Socket>,
  ) {}

  static async start(port: number, { cert, key }: Certificates): Promise<TlsTerminator> {
    const sockets = new Set<Socket>();
    const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (client) => {
      const behind = connect(port, '127.0.0.1');
      for (const [socket, other] of [
        [client, behind],
        [behind, client],
      ] as const) {
        sockets.add(socket);
        socket.pipe(other);
        socket.on('error', () => other.destroy());
        socket.on('close', () => sockets.delete(socket) && other.destroy());
      }
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TlsTerminator(server, sockets);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port; // it listens on a port
  }

  close(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }
}
