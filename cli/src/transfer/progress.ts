import type { Writable } from 'node:stream';
import { SingleBar } from 'cli-progress';
import type { Context } from '../command/context.js';

/** Progress of a command, shown on a terminal. */
export interface Progress {
  /** Shows this number as done. */
  to(done: number): void;
  stop(): void;
}

/** Shows a bar on standard error if that is a terminal, else nothing. `total` may be an estimate. */
export function progressBar(
  what: string,
  total: number,
  { stderr: stream, cleanUpAtSignal }: Pick<Context, 'stderr' | 'cleanUpAtSignal'>,
): Progress {
  if (!isTerminal(stream)) return { to: () => {}, stop: () => {} };
  const bar = new SingleBar({
    format: `${what} {bar} {percentage}% {value} of {total}, {duration_formatted}`,
    stream,
    hideCursor: true,
    clearOnComplete: true,
    gracefulExit: false, // else the bar listens to the signals of the process
  });
  const stop = () => bar.stop(); // also shows the cursor
  const release = cleanUpAtSignal(stop);
  bar.start(total, 0);
  return {
    to(done) {
      if (done > bar.getTotal()) bar.setTotal(done);
      bar.update(done);
    },
    stop() {
      release();
      stop();
    },
  };
}

const isTerminal = (stream: Writable) => 'isTTY' in stream && stream.isTTY === true;
