import { FileHistory } from './files.js';
import { PostHistory } from './posts.js';
import type { Operation } from './register.js';

/** Time from sending to the answer, in ms of the run's clock. `toMs` is Infinity if the outcome is unknown. */
export interface Interval {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Returns a time in the format of findings. */
export const ms = (value: number) => `${Math.round(value)} ms`;

/**
 * An account from its registration to its end. The next one of its name has another password, so tokens are not shared.
 */
export class Life {
  /** Time of the first request to delete the account. */
  endingFromMs = Infinity;
  /** Time from which its deletion was certain. */
  endedMs = Infinity;
  /** Operations by key. */
  readonly operations = new Map<string, Operation[]>();
  readonly posts = new PostHistory();
  readonly files = new FileHistory();
  /** Served requests with one of its tokens, each with a description. */
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

/** Violations by kind, each with the observations. */
export interface Findings {
  /** Entries, accounts and tokens that were acknowledged and are gone. */
  readonly lost: string[];
  /** Reads that missed acknowledged writes. */
  readonly stale: string[];
  /** Lists that missed acknowledged writes. */
  readonly missed: string[];
  /** Data that was erased or replaced for good, and appeared again. */
  readonly resurrected: string[];
  /** Entries that the findings are about. */
  readonly entries: { readonly life: Life; readonly key: string }[];
}

export const noFindings = (): Findings => ({ lost: [], stale: [], missed: [], resurrected: [], entries: [] });

/** Requests and answers of all clients in a run. */
export class History {
  readonly lives: Life[] = [];
  /** Violations that a client noticed at once. */
  readonly findings = noFindings();
  /** Answers that the contract does not allow. */
  readonly unexpected: string[] = [];
  operations = 0;
  /** Number of answers with 2xx or a definite 4xx. */
  answered = 0;
  /** Number of reads of a key whose write was pending during the whole read. */
  readsOfPending = 0;
  /** Number of answered scrapes and probes. */
  probes = 0;
  /** Number of acknowledged logouts. */
  logouts = 0;
  readonly #writesInFlight = new Map<string, number>();

  life(username: string, password: string): Life {
    const life = new Life(username, password);
    this.lives.push(life);
    return life;
  }

  /** Returns the number of writes in flight to these base URLs. The default is all of them. */
  writesInFlight(urls?: readonly string[]): number {
    return [...this.#writesInFlight].reduce(
      (sum, [url, count]) => sum + (urls?.includes(url) === false ? 0 : count),
      0,
    );
  }

  /** Counts a write to `url` as in flight until `write` settles. */
  async during<T>(url: string, write: () => Promise<T>): Promise<T> {
    this.#writesInFlight.set(url, (this.#writesInFlight.get(url) ?? 0) + 1);
    try {
      return await write();
    } finally {
      this.#writesInFlight.set(url, (this.#writesInFlight.get(url) ?? 0) - 1);
    }
  }
}
