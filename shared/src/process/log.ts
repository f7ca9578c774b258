import { pino, type DestinationStream, type Logger, type SerializedError } from 'pino';

export type Log = Logger;

/**
 * Returns the parts of an error that are logged. Libraries attach more: whole documents, or the failed command with its
 * arguments, such as `AUTH` with the password or a write with the hash of its token.
 */
function printed(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { type, message, stack, code }: SerializedError = pino.stdSerializers.err(error);
  return { type, message, stack, ...(code !== undefined && { code }) };
}

/** Names of members that are never logged. No code should log them; this is the safety net. */
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

/**
 * Creates a log that writes JSON lines to `destination`. The default is standard output, on a terminal in a readable
 * form.
 */
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

/** Creates a log that writes nothing, for commands: their standard output is their answer. */
export const silentLog = (): Log => pino({ level: 'silent' }, { write: () => {} });
