import { withDeadline } from '@keybin/shared/deadline.js';
import type { EntryName } from '@keybin/shared/ids/entry-name.js';
import { unavailable } from '@keybin/shared/errors.js';
import { assertInvariant, InvariantError, type InvariantObserver } from '@keybin/shared/invariant.js';
import { isBefore } from '@keybin/shared/engines/scale-out/redis/pending-entry.js';
import { namesOf, type EntryNames } from './entry-names.js';
import type { WriteEntries, Written } from './write-entries.js';
import { retryThroughOutage, type RetryOptions } from './retry.js';
import type { PendingRead, StagedEntry } from './read-pending.js';
import type { SettleEntries } from './settle.js';

const usPerSecond = 1_000_000;

/**
 * Result of one round: entries to apply again, and rejected ones that go on waiting because they could not be marked
 * so.
 */
interface Round {
  readonly again: EntryName[];
  readonly stillWaiting: EntryName[];
}

const nothingWritten: Written = { stored: [], overtaken: [], rejected: [] };

/** Observer of the outcomes of entries. */
export interface ApplyObserver extends InvariantObserver {
  /** Called after each batch, with the seconds since acceptance of each entry that MongoDB has stored. */
  applied(lagsSeconds: readonly number[]): void;
  /** Called with the number of entries that MongoDB rejected. */
  rejected(entries: number): void;
  /** Called with the number of entries that are applied again, because a service is down. */
  retried(entries: number): void;
}

const unobserved: ApplyObserver = { applied() {}, rejected() {}, retried() {}, invariantFailed() {} };

export interface ApplierOptions {
  /**
   * Longest time from reading pending entries to MongoDB's answer. A batch that took longer is not settled but read
   * again.
   */
  readonly batchMs: number;
  readonly observer?: ApplyObserver;
  /** Returns Redis's time in µs, from which versions are made. */
  readonly timeUs?: () => number;
  /** Returns the request that wrote an entry, if it is known. */
  readonly requestOf?: (entry: EntryName) => string | undefined;
}

export interface ApplySteps {
  readonly read: (names: EntryNames) => Promise<PendingRead>;
  readonly write: WriteEntries;
  readonly settle: SettleEntries;
  readonly reject: (entry: StagedEntry & { readonly request: string | undefined }, reason: string) => Promise<void>;
}

/**
 * Applier of pending entries. The states of an entry:
 *
 * pending --read, written, MongoDB has it--> settled: no longer pending.
 * pending --read, written, replaced meanwhile--> pending as the newer entry, which has a job of its own.
 * pending --MongoDB has a newer one--> settled: the entry is an old copy, of a Redis that came back with older data.
 * pending --MongoDB rejects it--> rejected: still readable, with a failed job.
 * pending --outage--> pending: read and written again, until the outage is over or the worker shuts down (`Abandoned`).
 *
 * However often, late or concurrently an entry is applied, the last accepted write wins: only stamps decide.
 */
export class Applier {
  readonly #batchMs: number;
  readonly #observer: ApplyObserver;
  readonly #timeUs: () => number;
  readonly #requestOf: (entry: EntryName) => string | undefined;

  constructor(
    private readonly steps: ApplySteps,
    private readonly patience: RetryOptions,
    { batchMs, observer = unobserved, timeUs = () => 0, requestOf = () => undefined }: ApplierOptions,
  ) {
    this.#batchMs = batchMs;
    this.#observer = observer;
    this.#timeUs = timeUs;
    this.#requestOf = requestOf;
  }

  /**
   * Resolves once each of `names` is rejected, or no longer pending as it was at the call. Returns the rejected ones
   * that go on waiting, because they could not be marked so. Throws `Abandoned`, and an `InvariantError`.
   */
  async apply(names: EntryNames): Promise<EntryName[]> {
    const stillWaiting: EntryName[] = [];
    let left = names;
    while (left.length > 0) {
      const round = await retryThroughOutage('Applying entries', () => this.#attempt(left), this.patience);
      stillWaiting.push(...round.stillWaiting);
      left = namesOf(round.again);
    }
    return stillWaiting;
  }

  async #attempt(names: EntryNames): Promise<Round> {
    try {
      return await this.#round(names);
    } catch (error) {
      if (!(error instanceof InvariantError))
        this.#observer.retried(names.reduce((sum, [, keys]) => sum + keys.length, 0));
      throw error;
    }
  }

  async #round(names: EntryNames): Promise<Round> {
    const deadline = performance.now() + this.#batchMs;
    const { staged, absent, unread } = await this.steps.read(names);
    const written = staged.length > 0 ? await this.#write(staged, deadline - performance.now()) : nothingWritten;
    const { stored, overtaken, rejected } = written;
    const known = this.#known(staged, written);

    const copies = overtaken.filter(({ entry, by }) => entry.epoch < by.epoch).length;
    if (copies > 0) this.patience.log.warn({ entries: copies }, 'Redis had older copies of writes; they are dropped');
    await this.steps.settle([
      ...stored,
      ...overtaken.map(({ entry }) => entry),
      ...absent.map((name) => ({ ...name, text: '' })),
    ]);
    const nowUs = this.#timeUs();
    this.#observer.applied(stored.map(({ version }) => Math.max(nowUs - version, 0) / usPerSecond));
    const stillWaiting = await this.#reject(rejected);
    return { again: [...unread, ...staged.filter((entry) => !known.has(entry))], stillWaiting };
  }

  /** Returns the entries of the batch whose outcome MongoDB has told. */
  #known(staged: readonly StagedEntry[], { stored, overtaken, rejected }: Written): ReadonlySet<StagedEntry> {
    const isNewer = overtaken.every(({ entry, by }) => !isBefore(by, entry));
    assertInvariant(isNewer, 'overtaken_by_newer', this.#observer);
    const known = new Set([...stored, ...[...overtaken, ...rejected].map(({ entry }) => entry)]);
    const outcomes = stored.length + overtaken.length + rejected.length;
    const ofBatch = staged.filter((entry) => known.has(entry)).length;
    assertInvariant(known.size === outcomes && ofBatch === outcomes, 'batch_entry_has_one_outcome', this.#observer);
    return known;
  }

  /** Writes entries to MongoDB, unless they were read too long ago: the process may have been stopped in between. */
  #write(staged: readonly StagedEntry[], remainingMs: number): Promise<Written> {
    if (remainingMs <= 0) throw unavailable(new Error('the entries were read too long ago'));
    return withDeadline(this.steps.write(staged), remainingMs, 'writing to MongoDB');
  }

  /**
   * Marks entries as rejected. A Redis at `maxmemory` takes no job. Then the entry goes on waiting for the sweeper and
   * holds nothing up.
   */
  async #reject(rejected: Written['rejected']): Promise<EntryName[]> {
    const stillWaiting: EntryName[] = [];
    for (const { entry, reason } of rejected) {
      const { userId, key } = entry;
      const request = this.#requestOf(entry);
      try {
        await this.steps.reject({ ...entry, request }, reason);
        this.#observer.rejected(1);
        this.patience.log.error({ request, userId, key, reason }, 'MongoDB rejected a write');
      } catch (error) {
        this.patience.log.error(
          { err: error, request, userId, key, reason },
          'MongoDB rejected a write, but it could not be marked as rejected: it stays pending',
        );
        stillWaiting.push(entry);
      }
    }
    return stillWaiting;
  }
}
