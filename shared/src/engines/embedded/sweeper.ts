import { randomInt } from 'node:crypto';
import type { Log } from '../../process/log.js';
import type { TimeBudget } from '../../time-budget.js';
import { removeToken } from './tokens/bearers.js';
import type { Databases } from './lmdb/databases.js';
import type { FileDirectory } from './files/file-directory.js';
import type { FileRecords } from './files/file-records.js';
import { removeCode } from './accounts/identify-codes.js';
import { nameIn, printMs, rangeOfRecords, readCounter } from './lmdb/records.js';
import type { Step } from './transactions/step.js';
import type { EmbeddedGroupCommit } from './transactions/group-commit.js';

/** Records removed in one step. A step takes about a millisecond, in which nothing else is served. */
const recordsPerStep = 500;

const filesPerStep = 20;

/**
 * Removes unreachable data in the background: records of erased accounts, deleted files, uploads whose lease has
 * expired, and expired tokens, codes and counters. If a process is killed half-way, the next round of any process does
 * the rest. Several processes may sweep the same data at once.
 */
export class Sweeper {
  #closing = false;
  /** True if `wake` was called since the present round began. */
  #woken = false;
  #endRest: () => void = () => {};
  #shard = randomInt(2 ** 16); // random, so that processes that start together check different folders
  readonly #ended: Promise<void>;

  constructor(
    private readonly databases: Databases,
    private readonly writes: EmbeddedGroupCommit,
    private readonly files: { readonly records: FileRecords; readonly directory: FileDirectory },
    private readonly log: Log,
    private readonly times: Pick<TimeBudget, 'embeddedSweepMs' | 'expiredGraceMs'>,
  ) {
    this.#ended = this.#run();
  }

  /** Starts the next round at once. */
  wake(): void {
    this.#woken = true;
    this.#endRest();
  }

  /** Stops sweeping. Resolves when the running step has ended. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#endRest();
    await this.#ended;
  }

  async #run(): Promise<void> {
    while (!this.#closing) {
      this.#woken = false;
      try {
        await this.#repeat(() => this.#eraseSome());
        await this.#repeat(({ nowMs }) => this.#expireSome(nowMs));
        await this.#repeat(({ nowMs }) => this.#forgetSome(nowMs));
        await this.writes.apply(({ nowMs }) => this.files.records.lapse(nowMs));
        await this.#unlinkAll();
        await this.#unlinkOrphans();
      } catch (error) {
        this.log.warn({ err: error }, 'Sweeping failed and is retried');
        this.#woken = false;
      }
      if (!this.#woken && !this.#closing) await this.#rest();
    }
  }

  #rest(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.times.embeddedSweepMs).unref();
      this.#endRest = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #repeat(step: Step<boolean>): Promise<void> {
    while (!this.#closing && (await this.writes.apply(step)));
  }

  /** Returns true if there may be more. */
  #eraseSome(): boolean {
    const { erasing, entries, posts } = this.databases;
    const [number] = [...erasing.getKeys({ limit: 1 })];
    if (number === undefined) return false;
    let room = recordsPerStep;
    for (const records of [entries, posts]) {
      const keys = [...records.getKeys({ ...rangeOfRecords(number), limit: room })];
      for (const key of keys) void records.remove(key);
      room -= keys.length;
      if (room === 0) return true;
    }
    if (this.files.records.erase(number, room) === room) return true;
    void erasing.remove(number);
    return true;
  }

  /**
   * Removes the bytes of deleted files. A file that cannot be removed does not hold up the others. Throws the last such
   * error.
   */
  async #unlinkAll(): Promise<void> {
    let failure: { readonly error: unknown } | undefined;
    let ids: string[];
    let after = '';
    do {
      ids = await this.writes.apply(() => this.files.records.toUnlink(after, filesPerStep));
      failure = (await this.#unlink(ids)) ?? failure;
      after = ids.at(-1) ?? after;
    } while (ids.length === filesPerStep && !this.#closing);
    if (failure) throw failure.error;
  }

  /** Returns the last error of the files that could not be removed. */
  async #unlink(ids: readonly string[]): Promise<{ readonly error: unknown } | undefined> {
    const { records, directory } = this.files;
    const gone: string[] = [];
    let failure: { readonly error: unknown } | undefined;
    for (const id of ids) {
      if (this.#closing) break;
      await directory.remove(id).then(
        () => gone.push(id),
        (error: unknown) => (failure = { error }),
      );
    }
    if (gone.length > 0) await this.writes.apply(() => records.forgetUnlinked(gone));
    return failure;
  }

  /**
   * Removes orphans, which are files without a record, from one folder each round. A file is created after its record,
   * so an orphan has one of two causes: a process was stopped for longer than its lease, created the file and was then
   * killed; or a power cut brought a removed file back.
   */
  async #unlinkOrphans(): Promise<void> {
    const { records, directory } = this.files;
    const there = await directory.shard(this.#shard++);
    const orphans = await this.writes.apply(() => there.filter((id) => !records.isOwned(id)));
    for (const id of orphans) await directory.remove(id);
  }

  /** Removes expired codes, and tokens that expired long ago. Returns true if there may be more. */
  #expireSome(nowMs: number): boolean {
    const { expiries, codeExpiries } = this.databases;
    const longAgoMs = nowMs - this.times.expiredGraceMs;
    const tokens = expireIn(expiries, longAgoMs, (tokenHash) => removeToken(this.databases, tokenHash));
    const codes = expireIn(codeExpiries, nowMs, (username) => removeCode(this.databases, username));
    return tokens || codes;
  }

  /** Removes counters whose window has ended. Returns true if there may be more. */
  #forgetSome(nowMs: number): boolean {
    const { counters, counterExpiries } = this.databases;
    return expireIn(counterExpiries, nowMs, (key) => {
      const record = counters.get(key);
      if (record !== undefined && readCounter(record).expiresAtMs <= nowMs) void counters.remove(key);
    });
  }
}

/** Removes what `expiries` lists as expired at `nowMs`. Returns true if there may be more. */
function expireIn(expiries: Databases['expiries'], nowMs: number, remove: (name: string) => void): boolean {
  const expired = [...expiries.getKeys({ end: printMs(nowMs), limit: recordsPerStep })];
  for (const key of expired) {
    remove(nameIn(key));
    void expiries.remove(key);
  }
  return expired.length === recordsPerStep;
}
