import { pino, type DestinationStream, type Logger, type SerializedError } from 'pino';

export type Log = Logger;

/**
 * What is logged of an error. Libraries hang more on theirs: the command that failed with its arguments, be it `AUTH` with the
 * password or a write with its token's hash, and whole documents.
 */
function printed(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { type, message, stack, code }: SerializedError = pino.stdSerializers.err(error);
  return { type, message, stack, ...(code !== undefined && { code }) };
}

/** Nothing is logged that may hold one of these; this is for the line that somebody forgets. */
const secretMembers = [
  'token',
  'password',
  'passwd',
  'passwordHash',
  'secret',
  'authorization',
  'identify_code',
  'value',
];
const redact = { paths: secretMembers.flatMap((name) => [name, `*.${name}`]), censor: '***' };

/** Logs JSON lines to `destination`. Default: standard output, on a terminal in a readable form. */
export function createLog(options: { debug: boolean }, destination?: DestinationStream): Log {
  const level = options.debug ? 'debug' : 'info';
  const serializers = { err: printed };
  if (destination) return pino({ level, serializers, redact }, destination);
  if (!process.stdout.isTTY) return pino({ level, serializers, redact });
  return pino({
    level,
    serializers,
    redact,
    transport: { target: 'pino-pretty', options: { ignore: 'pid,hostname' } },
  });
}

/** Writes nothing: for commands, whose standard output is their answer. */
export const silentLog = (): Log => pino({ level: 'silent' }, { write: () => {} });
