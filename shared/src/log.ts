import { pino, type Logger } from 'pino';

export type Log = Logger;

/** JSON lines on standard output; on a terminal the same lines, readable. */
export function createLog(options: { debug: boolean }): Log {
  const level = options.debug ? 'debug' : 'info';
  if (!process.stdout.isTTY) return pino({ level });
  return pino({ level, transport: { target: 'pino-pretty', options: { ignore: 'pid,hostname' } } });
}
