import { withDeadline } from '@keybin/shared/deadline.js';
import { unavailable } from '@keybin/shared/errors.js';
import { namesOf, type EntryName, type EntryNames } from './entry-names.js';
import type { WriteEntries, Written } from './guarded-writes.js';
import { outlast, type Patience } from './outage.js';
import type { PendingRead, StagedEntry } from './pending.js';
import type { SettleEntries } from './settle.js';

/**
 * The longest time from reading pending entries to MongoDB's answer. A batch that took longer is not settled but read again,
 * and what it wrote counts as late: tombstones and erasures last much longer than this.
 */
export const batchMaxAgeMs = 10_000;

const usPerSecond = 1_000_000;

/** What is to be applied again, and what could not be set aside. */
interface Round {
  readonly again: EntryName[];
  readonly stuck: EntryName[];
}

const nothingWritten: Written = { stored: [], overtaken: [], refused: [] };

/** Told of what became of entries. */
export interface ApplyObserver {
  /** MongoDB has a batch: for each of its entries the seconds since it was accepted. */
  applied(lagsSeconds: readonly number[]): void;
  /** They were refused for good and are set aside. */
  failed(entries: number): void;
  /** A service was away; they are applied again. */
  retried(entries: number): void;
}

const unobserved: ApplyObserver = { applied() {}, failed() {}, retried() {} };

export interface ApplierOptions {
  readonly maxAgeMs?: number;
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
  readonly setAside: (entry: StagedEntry & { readonly request: string | undefined }, reason: string) => Promise<void>;
}

/**
 * Brings pending entries into MongoDB. The life of one of them:
 *
 * pending --read, written, the database has it--> settled: no longer pending.
 * pending --read, written, replaced meanwhile--> pending, as the newer one; that one has a job of its own.
 * pending --the database has a larger version--> pending with a version above it, applied again.
 * pending --the database refuses it for good--> set aside: still readable, with a failed job.
 * pending --outage--> pending: read again and written again, until the outage is over or the worker ends (`Abandoned`).
 *
 * However often, late or concurrently this runs for an entry, the last accepted write wins: only versions decide.
 */
export class Applier {
  readonly #maxAgeMs: number;
  readonly #observer: ApplyObserver;
  readonly #timeUs: () => number;
  readonly #requestOf: (entry: EntryName) => string | undefined;

  constructor(
    private readonly steps: ApplySteps,
    private readonly patience: Patience,
    {
      maxAgeMs = batchMaxAgeMs,
      observer = unobserved,
      timeUs = () => 0,
      requestOf = () => undefined,
    }: ApplierOptions = {},
  ) {
    this.#maxAgeMs = maxAgeMs;
    this.#observer = observer;
    this.#timeUs = timeUs;
    this.#requestOf = requestOf;
  }

  /**
   * Resolves once none of `names` is pending as it was when this was called, or it is set aside. Answers those that should have
   * been set aside but could not: they go on waiting. Throws `Abandoned`.
   */
  async apply(names: EntryNames): Promise<EntryName[]> {
    const stuck: EntryName[] = [];
    let left = names;
    while (left.length > 0) {
      const round = await outlast('Applying entries', () => this.#attempt(left), this.patience);
      stuck.push(...round.stuck);
      left = namesOf(round.again);
    }
    return stuck;
  }

  async #attempt(names: EntryNames): Promise<Round> {
    try {
      return await this.#round(names);
    } catch (error) {
      this.#observer.retried(names.reduce((sum, [, keys]) => sum + keys.length, 0));
      throw error;
    }
  }

  async #round(names: EntryNames): Promise<Round> {
    const deadline = performance.now() + this.#maxAgeMs;
    const { staged, absent, unread } = await this.steps.read(names);
    const written = staged.length > 0 ? await this.#write(staged, deadline - performance.now()) : nothingWritten;
    const { stored, overtaken, refused } = written;

    const again = await this.steps.settle([
      ...stored,
      ...overtaken.map(({ entry, version }) => ({ ...entry, stored: version })),
      ...absent.map((name) => ({ ...name, text: '' })),
    ]);
    const nowUs = this.#timeUs();
    this.#observer.applied(stored.map(({ version }) => Math.max(nowUs - version, 0) / usPerSecond));
    const stuck = await this.#setAside(refused);

    const known = new Set([...stored, ...[...overtaken, ...refused].map(({ entry }) => entry)]);
    return { again: [...unread, ...again, ...staged.filter((entry) => !known.has(entry))], stuck };
  }

  /** A process that was stopped in between must not send what it read long ago. */
  #write(staged: readonly StagedEntry[], remainingMs: number): Promise<Written> {
    if (remainingMs <= 0) throw unavailable(new Error('the entries were read too long ago'));
    return withDeadline(this.steps.write(staged), remainingMs, 'writing to MongoDB');
  }

  /** A Redis at `maxmemory` takes no job: then a bad write goes on waiting, for the sweeper, and holds nothing up. */
  async #setAside(refused: Written['refused']): Promise<EntryName[]> {
    const stuck: EntryName[] = [];
    for (const { entry, reason } of refused) {
      const { userId, key } = entry;
      const request = this.#requestOf(entry);
      try {
        await this.steps.setAside({ ...entry, request }, reason);
        this.#observer.failed(1);
        this.patience.log.error({ request, userId, key, reason }, 'MongoDB refuses a write: it is set aside');
      } catch (error) {
        this.patience.log.error(
          { err: error, request, userId, key, reason },
          'MongoDB refuses a write that cannot be set aside',
        );
        stuck.push(entry);
      }
    }
    return stuck;
  }
}
