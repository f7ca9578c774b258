import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP proxy to a server on this machine that can hold back answers. */
export class HoldingProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #held: (() => void)[] | undefined;

  private constructor(private targetUrl: URL) {
    this.#server = createServer((client) => {
      const target = connect(Number(this.targetUrl.port), '127.0.0.1');
      for (const socket of [client, target]) {
        this.#sockets.add(socket);
        socket.on('error', () => {}); // the other side has ended it
      }
      client.on('data', (bytes) => target.write(bytes));
      target.on('data', (bytes) => {
        if (this.#held) this.#held.push(() => client.write(bytes));
        else client.write(bytes);
      });
      client.on('close', () => target.destroy());
      target.on('close', () => client.destroy());
    });
  }

  static async open(targetUrl: string): Promise<HoldingProxy> {
    const proxy = new HoldingProxy(new URL(targetUrl));
    await once(proxy.#server.listen(0, '127.0.0.1'), 'listening');
    return proxy;
  }

  /** The target's URL with this proxy's port. */
  get url(): string {
    const url = new URL(this.targetUrl);
    url.port = String(this.port);
    return url.href;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('A TCP server has no port');
    return address.port;
  }

  /** Leads connections that are opened from now on to another server. */
  lead(targetUrl: string): void {
    this.targetUrl = new URL(targetUrl);
  }

  /** Number of answers that are held back. */
  get held(): number {
    return this.#held?.length ?? 0;
  }

  hold(): void {
    this.#held ??= [];
  }

  release(): void {
    for (const send of this.#held ?? []) send();
    this.#held = undefined;
  }

  /** Ends all connections. Held answers are lost. */
  breakOff(): void {
    this.#held = undefined;
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.#server.close();
    this.breakOff();
  }
}
