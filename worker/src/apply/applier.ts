import { withDeadline } from '@keybin/shared/deadline.js';
import type { EntryName } from '@keybin/shared/ids/entry-name.js';
import { unavailable } from '@keybin/shared/errors.js';
import { assertInvariant, InvariantError, type InvariantObserver } from '@keybin/shared/invariant.js';
import { namesOf, type EntryNames } from './entry-names.js';
import type { WriteEntries, Written } from './guarded-writes.js';
import { retryThroughOutage, type RetryOptions } from './retry.js';
import type { PendingRead, StagedEntry } from './read-pending.js';
import type { SettleEntries } from './settle.js';

const usPerSecond = 1_000_000;

/** Entries to apply again, and rejected ones that could not be marked so: they go on waiting. */
interface Round {
  readonly again: EntryName[];
  readonly stillWaiting: EntryName[];
}

const nothingWritten: Written = { stored: [], overtaken: [], rejected: [] };

/** Told of what became of entries. */
export interface ApplyObserver extends InvariantObserver {
  /** MongoDB has a batch: for each of its entries the seconds since it was accepted. */
  applied(lagsSeconds: readonly number[]): void;
  /** The database rejected them. */
  rejected(entries: number): void;
  /** A service was away; they are applied again. */
  retried(entries: number): void;
}

const unobserved: ApplyObserver = { applied() {}, rejected() {}, retried() {}, invariantFailed() {} };

export interface ApplierOptions {
  /** From reading pending entries to MongoDB's answer. A batch that took longer is not settled but read again. */
  readonly batchMs: number;
  readonly observer?: ApplyObserver;
  /** Redis's time in µs, of which versions are made. */
  readonly timeUs?: () => number;
  /** The request that an entry comes from, as far as that is known. */
  readonly requestOf?: (entry: EntryName) => string | undefined;
}

export interface ApplySteps {
  readonly read: (names: EntryNames) => Promise<PendingRead>;
  readonly write: WriteEntries;
  readonly settle: SettleEntries;
  readonly reject: (entry: StagedEntry & { readonly request: string | undefined }, reason: string) => Promise<void>;
}

/**
 * Brings pending entries into MongoDB. The life of one of them:
 *
 * pending --read, written, the database has it--> settled: no longer pending.
 * pending --read, written, replaced meanwhile--> pending, as the newer one; that one has a job of its own.
 * pending --the database has a larger version--> pending with a version above it, applied again.
 * pending --the database rejects it--> rejected: still readable, with a failed job.
 * pending --outage--> pending: read again and written again, until the outage is over or the worker ends (`Abandoned`).
 *
 * However often, late or concurrently this runs for an entry, the last accepted write wins: only versions decide.
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
   * Resolves once each of `names` is rejected, or no longer pending as it was when this was called. Returns the
   * rejected ones that go on waiting, since they could not be marked so. Throws `Abandoned`, and an `InvariantError`.
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

    const again = await this.steps.settle([
      ...stored,
      ...overtaken.map(({ entry, version }) => ({ ...entry, stored: version })),
      ...absent.map((name) => ({ ...name, text: '' })),
    ]);
    const nowUs = this.#timeUs();
    this.#observer.applied(stored.map(({ version }) => Math.max(nowUs - version, 0) / usPerSecond));
    const stillWaiting = await this.#reject(rejected);
    return { again: [...unread, ...again, ...staged.filter((entry) => !known.has(entry))], stillWaiting };
  }

  /** The entries of the batch of which MongoDB has told what became of them. */
  #known(staged: readonly StagedEntry[], { stored, overtaken, rejected }: Written): ReadonlySet<StagedEntry> {
    const isNewer = overtaken.every(({ entry, version }) => version >= entry.version);
    assertInvariant(isNewer, 'overtaken_by_newer', this.#observer);
    const known = new Set([...stored, ...[...overtaken, ...rejected].map(({ entry }) => entry)]);
    const outcomes = stored.length + overtaken.length + rejected.length;
    const ofBatch = staged.filter((entry) => known.has(entry)).length;
    assertInvariant(known.size === outcomes && ofBatch === outcomes, 'batch_entry_has_one_outcome', this.#observer);
    return known;
  }

  /** A process that was stopped in between must not send what it read long ago. */
  #write(staged: readonly StagedEntry[], remainingMs: number): Promise<Written> {
    if (remainingMs <= 0) throw unavailable(new Error('the entries were read too long ago'));
    return withDeadline(this.steps.write(staged), remainingMs, 'writing to MongoDB');
  }

  /** A Redis at `maxmemory` takes no job: then a rejected write goes on waiting for the sweeper and holds nothing up. */
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
          'MongoDB rejected a write that cannot be marked so: it goes on waiting',
        );
        stillWaiting.push(entry);
      }
    }
    return stillWaiting;
  }
}
