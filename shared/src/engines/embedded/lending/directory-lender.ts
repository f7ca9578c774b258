import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Log } from '../../../process/log.js';
import type { TimeBudget } from '../../../time-budget.js';
import type { EmbeddedGroupCommit } from '../transactions/group-commit.js';
import type { Databases } from '../lmdb/databases.js';
import { otherLiveProcesses } from '../lmdb/open-processes.js';
import { messageOf } from '../../../errors.js';

/** Longest path of a socket, in bytes (macOS; Linux allows 107). Node cuts a longer one off without a word. */
const maxPathBytes = 103;

/**
 * Returns the path of the Unix socket at which the process that has a directory alone lends it; `undefined` if the path
 * would be too long for a socket.
 */
export function lenderSocketIn(directory: string): string | undefined {
  const path = join(directory, 'service.sock');
  return Buffer.byteLength(path) > maxPathBytes ? undefined : path;
}

/** Line that a borrower gets once it may open the directory. Any other line is the reason why it may not. */
export const lentLine = 'lent';

/**
 * Lends a directory that this process has alone to commands, such as `keybin user disable`. A command that connects to
 * the socket in the directory may open it shared until it disconnects. Meanwhile this process writes as one of several.
 */
export class DirectoryLender {
  readonly #server: Server;
  readonly #borrowers = new Set<Socket>();
  #isLent = false;
  /** The last change between having the directory alone and sharing it. They follow each other. */
  #changed: Promise<void> = Promise.resolve();
  #retry: NodeJS.Timeout | undefined;
  #isClosing = false;

  constructor(
    private readonly databases: Databases,
    private readonly writes: EmbeddedGroupCommit,
    private readonly log: Log,
    private readonly times: Pick<TimeBudget, 'embeddedSweepMs'>,
  ) {
    this.#server = createServer((borrower) => this.#serve(borrower));
    this.#server.unref();
  }

  /** Begins to lend. If the socket cannot be made, logs a warning: then commands that write are refused. */
  async open(directory: string): Promise<void> {
    try {
      const path = lenderSocketIn(directory);
      if (path === undefined) throw new Error(`the path of ${directory} is too long`);
      rmSync(path, { force: true }); // of a process that was killed
      await new Promise<void>((resolve, reject) => this.#server.once('error', reject).listen(path, resolve));
      this.#server.on('error', () => {}); // no descriptor is left for a connection
      chmodSync(path, 0o600);
    } catch (error) {
      this.log.warn({ err: error }, 'Commands that write need this service to be stopped: it has no socket');
    }
  }

  /** Stops lending. Borrowers keep the directory open until they end. Resolves when no change is in flight. */
  async close(): Promise<void> {
    this.#isClosing = true;
    clearTimeout(this.#retry);
    this.#server.close();
    for (const borrower of this.#borrowers) borrower.destroy();
    await this.#changed;
  }

  #serve(borrower: Socket): void {
    this.#borrowers.add(borrower);
    borrower.on('error', () => {}); // it was killed: `close` follows
    borrower.on('close', () => {
      this.#borrowers.delete(borrower);
      this.#queue(() => this.#takeBack());
    });
    borrower.resume(); // else its end would not be noticed
    this.#queue(() => this.#lendTo(borrower));
  }

  /** Makes a change after those before it. */
  #queue(change: () => Promise<void>): void {
    if (!this.#isClosing) this.#changed = this.#changed.then(change);
  }

  async #lendTo(borrower: Socket): Promise<void> {
    try {
      await this.#lend();
      borrower.write(`${lentLine}\n`);
    } catch (error) {
      this.log.warn({ err: error }, 'The directory could not be lent to a command');
      borrower.end(`${messageOf(error)}\n`);
    }
  }

  async #lend(): Promise<void> {
    if (this.#isLent) return;
    this.#isLent = true;
    await this.writes.share();
    const { processes } = this.databases;
    await this.writes.apply(() => void processes.put(process.pid, 'shared'));
  }

  /** Takes the directory back when nobody has borrowed it. Tries again later if another process still has it open. */
  async #takeBack(): Promise<void> {
    if (!this.#isLent || this.#borrowers.size > 0) return;
    const { environment, processes } = this.databases;
    const isAlone = await this.writes
      .apply(() => {
        if (otherLiveProcesses(environment, processes).length > 0) return false;
        void processes.put(process.pid, 'alone');
        return true;
      })
      .catch(() => false); // the disk is full, or hangs
    if (isAlone) {
      this.writes.own();
      this.#isLent = false;
    } else {
      clearTimeout(this.#retry);
      this.#retry = setTimeout(() => this.#queue(() => this.#takeBack()), this.times.embeddedSweepMs).unref();
    }
  }
}
