import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { repeatUntilAborted } from '../repeat-until-aborted.js';
import type { Log } from './log.js';

/** Share of the limit from which descriptors count as short, and below which they no longer do. */
const shortShare = 0.9;
const enoughShare = 0.8;

/**
 * Tells when this process has nearly no file descriptors left. Then no connection is accepted, so nobody can read it
 * from the metrics. On a system other than Linux it tells nothing.
 */
export class DescriptorWatch {
  readonly #closing = new AbortController();
  /** Limit as last read: with no descriptor left it cannot be read. */
  #limit: number | undefined;
  #isShort = false;

  constructor(
    private readonly shortages: { inc(): void },
    private readonly log: Log,
    pauseMs: number,
  ) {
    void repeatUntilAborted(this.#closing.signal, pauseMs, () => this.#look());
  }

  close(): void {
    this.#closing.abort();
  }

  async #look(): Promise<void> {
    this.#readLimit();
    const open = await this.#countOpen();
    if (open === undefined || this.#limit === undefined) return;
    const seen = { open, limit: this.#limit };
    const share = open / this.#limit;
    if (!this.#isShort && share >= shortShare) {
      this.#isShort = true;
      this.shortages.inc();
      const remedy = 'raise its limit (LimitNOFILE of systemd, ulimit -n), or find out who opens so many connections';
      this.log.error(seen, `Nearly no file descriptors are left, so connections are not accepted: ${remedy}`);
    } else if (this.#isShort && share < enoughShare) {
      this.#isShort = false;
      this.log.info(seen, 'There are enough file descriptors again');
    }
  }

  #readLimit(): void {
    try {
      const limit = Number(/^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]);
      if (limit > 0) this.#limit = limit;
    } catch {
      // No descriptor is left, or this is no Linux
    }
  }

  async #countOpen(): Promise<number | undefined> {
    try {
      // It takes a ms for each thousand descriptors. One of them reads the folder
      return (await readdir('/proc/self/fd')).length - 1;
    } catch (error) {
      return hasSystemCode(error, 'EMFILE') ? this.#limit : undefined;
    }
  }
}

const hasSystemCode = (error: unknown, code: string) =>
  error instanceof Error && 'code' in error && error.code === code;
