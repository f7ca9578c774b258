import type { Writable } from 'node:stream';
import { SingleBar } from 'cli-progress';
import type { Context } from '../command/context.js';

/** Tells on a terminal how far a command is. */
export interface Progress {
  /** So many of all are done. */
  to(done: number): void;
  stop(): void;
}

/** A bar on standard error if that is a terminal, else nothing. `total` may be a guess. */
export function progressBar(
  what: string,
  total: number,
  { stderr: stream, signal }: Pick<Context, 'stderr' | 'signal'>,
): Progress {
  if (!isTerminal(stream)) return { to: () => {}, stop: () => {} };
  const bar = new SingleBar({
    format: `${what} {bar} {percentage}% {value} of {total}, {duration_formatted}`,
    stream,
    hideCursor: true,
    clearOnComplete: true,
    gracefulExit: false, // it would listen to the signals of the process
  });
  const stop = () => {
    signal.removeEventListener('abort', stop);
    bar.stop(); // and shows the cursor
  };
  signal.addEventListener('abort', stop);
  bar.start(total, 0);
  return {
    to(done) {
      if (done > bar.getTotal()) bar.setTotal(done);
      bar.update(done);
    },
    stop,
  };
}

const isTerminal = (stream: Writable) => 'isTTY' in stream && stream.isTTY === true;
