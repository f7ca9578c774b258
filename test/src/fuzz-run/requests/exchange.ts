import { connect } from 'node:net';

/** What came of a request. */
export interface Outcome {
  /** Of each answer; none if the connection ended without one. */
  readonly statuses: readonly number[];
  readonly text: string;
  /** No answer came, and the connection did not end either. */
  readonly hung: boolean;
}

/** An answer is late by then whatever the machine does; what arrives slowly is refused after 2 s. */
const hangMs = 15_000;
/** A connection that stays open is left when no more came for so long after an answer. */
const quietMs = 300;
/** What is no HTTP may leave the server waiting for more: then the client goes away. */
const patienceMs = 100;

/** Sends bytes on a connection of their own. `isHttp`: an answer must come. */
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
    socket.on('error', () => {}); // the end follows
    socket.on('close', () => end(false));
    socket.write(bytes);
  });
}
