import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface LinkOptions {
  /** Time that each piece of data takes, in ms, in each direction. */
  readonly delayMs: number;
  /** Share of the pieces that are lost once. TCP sends them again, and holds back what follows them. */
  readonly loss: number;
  /** Time until a lost piece is sent again, in ms. */
  readonly retransmitMs: number;
  /** Returns a number from 0 to below 1. */
  readonly random: () => number;
}

/**
 * A slow and lossy way to a server on this machine, as TCP shows it to its users. It stands in for `netem`, which many
 * kernels are built without.
 */
export class SlowLink {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(
    private readonly target: URL,
    private readonly options: LinkOptions,
  ) {
    this.#server = createServer((client) => {
      const server = connect(Number(target.port), target.hostname);
      this.#relay(client, server);
      this.#relay(server, client);
    });
  }

  /** Opens a link to the server of this URL. */
  static async open(targetUrl: string, options: LinkOptions): Promise<SlowLink> {
    const link = new SlowLink(new URL(targetUrl), options);
    await once(link.#server.listen(0, '127.0.0.1'), 'listening');
    return link;
  }

  /** The target's URL with the address of this link. */
  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('A TCP server has no port');
    const url = new URL(this.target);
    url.host = `127.0.0.1:${address.port}`;
    return url.href;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #relay(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    let before = Promise.resolve();
    const deliver = (work: () => void) => {
      const { delayMs, loss, retransmitMs, random } = this.options;
      const lateMs = delayMs + (random() < loss ? retransmitMs : 0);
      const due = delay(lateMs, undefined, { ref: false });
      before = before.then(() => due).then(work);
    };
    from.on('data', (bytes) => deliver(() => to.write(bytes)));
    from.on('end', () => deliver(() => to.end()));
    from.on('error', () => {}); // `close` follows
    from.on('close', () => to.destroy());
  }
}
