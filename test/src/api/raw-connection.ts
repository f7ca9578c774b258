import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { eventually } from '../world/eventually.js';

/** A TCP connection to an HTTP server, for what no HTTP client would send. */
export class RawConnection {
  readonly #socket: Socket;
  #received = '';
  #closed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => (this.#received += text));
    socket.on('error', () => {}); // a reset is an end
    socket.on('close', () => (this.#closed = true));
  }

  static async open(url: string): Promise<RawConnection> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    return new RawConnection(socket);
  }

  get received(): string {
    return this.#received;
  }

  /** The status of each answer so far. */
  get statuses(): number[] {
    return [...this.#received.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
  }

  send(text: string): void {
    this.#socket.write(text);
  }

  /** Resolves with all received once there are so many answers. */
  async answers(count: number): Promise<string> {
    return eventually(() => this.statuses.length >= count && this.#received, `${count} answers`);
  }

  /** Resolves with all received once the server has ended the connection. */
  async closed(): Promise<string> {
    await eventually(() => this.#closed, 'the end of the connection');
    return this.#received;
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
