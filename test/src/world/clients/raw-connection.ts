import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { eventually } from '../eventually.js';

/** A TCP connection to an HTTP server, for bytes that no HTTP client would send. */
export class RawConnection {
  readonly #socket: Socket;
  #received = '';
  #closed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => (this.#received += text));
    socket.on('error', () => {}); // a reset counts as an end
    socket.on('close', () => (this.#closed = true));
  }

  /** Opens a connection. With `allowHalfOpen` its side stays open after the server has ended the other. */
  static async open(url: string, { allowHalfOpen = false } = {}): Promise<RawConnection> {
    const { hostname, port } = new URL(url);
    const socket = connect({ port: Number(port), host: hostname, allowHalfOpen });
    await once(socket, 'connect');
    return new RawConnection(socket);
  }

  /** Sends bytes on a new connection. Resolves with the connection, which is closed, after one answer. */
  static async exchange(url: string, ...parts: readonly (string | Uint8Array)[]): Promise<RawConnection> {
    const connection = await RawConnection.open(url);
    for (const part of parts) connection.send(part);
    await connection.answers(1);
    connection.destroy();
    return connection;
  }

  /** Asks to post a body of this type and length (`Expect: 100-continue`). Resolves once there is an answer. */
  static async asking(url: string, path: string, type: string, length: number): Promise<RawConnection> {
    const head = ['Host: a', `Content-Type: ${type}`, `Content-Length: ${length}`, 'Expect: 100-continue'];
    const connection = await RawConnection.open(url);
    connection.send(`POST ${path} HTTP/1.1\r\n${head.join('\r\n')}\r\n\r\n`);
    await connection.answers(1);
    return connection;
  }

  get received(): string {
    return this.#received;
  }

  /** Returns the status of each answer so far. */
  get statuses(): number[] {
    return [...this.#received.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
  }

  send(bytes: string | Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Sends bytes. Resolves once the system has taken them, or the connection is closed. */
  async sent(bytes: string | Uint8Array): Promise<void> {
    await new Promise((resolve) => this.#socket.write(bytes, resolve));
  }

  /** Resolves with everything received once there are this many answers. */
  async answers(count: number): Promise<string> {
    return eventually(() => this.statuses.length >= count && this.#received, `${count} answers`);
  }

  /** Resolves with everything received once the server has ended the connection. */
  async closed(): Promise<string> {
    await eventually(() => this.#closed, 'the end of the connection');
    return this.#received;
  }

  /** Stops reading from the server until `resume()`. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Ends the connection with a TCP reset. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
