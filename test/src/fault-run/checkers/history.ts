import { FileHistory } from './files.js';
import { PostHistory } from './posts.js';
import type { Operation } from './register.js';

/** From when it was sent until it was answered, in ms of the run's one clock; Infinity where no answer tells whether it was done. */
export interface Interval {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A time as findings tell it. */
export const ms = (value: number) => `${Math.round(value)} ms`;

/** An account from its registration to its end. The next one of the same name has another password, so a token belongs to one life. */
export class Life {
  /** When its end was asked for first. */
  endingFromMs = Infinity;
  /** When its end was certain. */
  endedMs = Infinity;
  /** What was sent for each of its keys. */
  readonly operations = new Map<string, Operation[]>();
  readonly posts = new PostHistory();
  readonly files = new FileHistory();
  /** Requests with one of its tokens that were served, for what they did. */
  readonly served: (Interval & { readonly what: string })[] = [];

  constructor(
    readonly username: string,
    readonly password: string,
  ) {}

  record(key: string, operation: Operation): void {
    const operations = this.operations.get(key);
    if (operations) operations.push(operation);
    else this.operations.set(key, [operation]);
  }
}

/** What counts, each with what was seen. */
export interface Findings {
  /** Answered and gone: entries, accounts, tokens. */
  readonly lost: string[];
  /** Reads that showed less than had been answered. */
  readonly stale: string[];
  /** Lists that did. */
  readonly missed: string[];
  /** What was erased or replaced for good, and was there again. */
  readonly resurrected: string[];
  /** Entries that any of this is about. */
  readonly entries: { readonly life: Life; readonly key: string }[];
}

export const noFindings = (): Findings => ({ lost: [], stale: [], missed: [], resurrected: [], entries: [] });

/** What was sent and answered in a run, by all clients. */
export class History {
  readonly lives: Life[] = [];
  /** What a client saw to be wrong at once. */
  readonly findings = noFindings();
  /** Answers that no client of the contract would expect. */
  readonly unexpected: string[] = [];
  operations = 0;
  /** With 2xx or a definite 4xx. */
  answered = 0;
  /** Reads of a key whose write waited for the worker all the while. */
  readsOfPending = 0;
  /** That were answered. */
  logouts = 0;
  readonly #writesUnderWay = new Map<string, number>();

  life(username: string, password: string): Life {
    const life = new Life(username, password);
    this.lives.push(life);
    return life;
  }

  /** Writes that were sent to these base URLs, or to any, and have no answer yet. */
  writesUnderWay(urls?: readonly string[]): number {
    return [...this.#writesUnderWay].reduce(
      (sum, [url, count]) => sum + (urls?.includes(url) === false ? 0 : count),
      0,
    );
  }

  /** Counts a write to `url` as under way until `write` settles. */
  async during<T>(url: string, write: () => Promise<T>): Promise<T> {
    this.#writesUnderWay.set(url, (this.#writesUnderWay.get(url) ?? 0) + 1);
    try {
      return await write();
    } finally {
      this.#writesUnderWay.set(url, (this.#writesUnderWay.get(url) ?? 0) - 1);
    }
  }
}
