import { connect } from 'node:net';

/** Outcome of a request. */
export interface Outcome {
  /** Status of each answer. Empty if the connection ended without one. */
  readonly statuses: readonly number[];
  readonly text: string;
  /** True if no answer came and the connection did not end. */
  readonly hung: boolean;
}

/** Time after which an answer is late on any machine, in ms. A slow request is refused after 2 s. */
const hangMs = 15_000;
/** Silence after an answer, in ms, after which the client leaves an open connection. */
const quietMs = 300;
/** Time after which the client leaves, in ms, if its bytes are no HTTP. The server may be waiting for more of them. */
const patienceMs = 100;

/** Sends bytes on a new connection. `isHttp` is true if an answer must come. */
export function exchange(port: number, bytes: Buffer, isHttp: boolean): Promise<Outcome> {
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    const socket = connect({ port, host: '127.0.0.1' });
    let timer = setTimeout(() => end(true), isHttp ? hangMs : patienceMs);
    const end = (late: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      const text = Buffer.concat(parts).toString('latin1');
      const statuses = [...text.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status]) => Number(status));
      resolve({ statuses, text, hung: late && isHttp && statuses.length === 0 });
    };
    socket.on('data', (part) => {
      parts.push(part);
      clearTimeout(timer);
      timer = setTimeout(() => end(true), quietMs);
    });
    socket.on('error', () => {}); // the end of the connection follows
    socket.on('close', () => end(false));
    socket.write(bytes);
  });
}
