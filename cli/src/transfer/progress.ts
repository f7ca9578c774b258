import { SingleBar } from 'cli-progress';

/** Tells on a terminal how far a command is. */
export interface Progress {
  /** So many of all are done. */
  to(done: number): void;
  stop(): void;
}

/** A bar on standard error if that is a terminal, else nothing. `total` may be a guess. */
export function progressBar(what: string, total: number): Progress {
  if (!process.stderr.isTTY) return { to: () => {}, stop: () => {} };
  const bar = new SingleBar({
    format: `${what} {bar} {percentage}% {value} of {total}, {duration_formatted}`,
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: true,
  });
  bar.start(total, 0);
  return {
    to(done) {
      if (done > bar.getTotal()) bar.setTotal(done);
      bar.update(done);
    },
    stop: () => bar.stop(),
  };
}
