import type { Life } from './checkers/history.js';
import type { Target } from './targets/target.js';
import type { Fault } from './faults.js';

/** What remained in the store and the queue after everything had come to rest. */
export interface Leftovers {
  /** BullMQ jobs that wait, are under way or failed. */
  readonly jobs: number;
  /** Writes that are not applied. */
  readonly pending: number;
  /** Entries, tokens and the like of accounts that are erased. */
  readonly resurrected: readonly string[];
  /** Of a live account: what the store has and the API does not show, or the other way round. */
  readonly different: readonly string[];
}

/** A live account, and what the API says of it. */
export interface Shown {
  readonly username: string;
  /** key → value */
  readonly values: ReadonlyMap<string, string>;
  /** id → content */
  readonly posts: ReadonlyMap<string, string>;
  /** id → SHA-256 */
  readonly files: ReadonlyMap<string, string>;
}

/** The processes of a run, and what may happen to them. */
export interface World {
  readonly engine: 'embedded' | 'scale-out';
  /** All processes, in the order of their start. */
  readonly targets: readonly Target[];
  readonly faults: readonly Fault[];
  /** The base URL of each API. */
  readonly urls: readonly string[];
  /** The version of the write that waits for the worker, if Redis can be asked. */
  pendingVersion?(life: Life, key: string): Promise<string | undefined>;
  /** Resolves when no write waits any more, or when that has taken too long, which `leftovers` tells. */
  drained(): Promise<void>;
  /** Looks into the store and the queue, once what removes erased data has had its time. */
  leftovers(shown: readonly Shown[]): Promise<Leftovers>;
  /** What the servers did with an entry of which something was found, a line each. */
  trace?(life: Life, key: string): Promise<string[]>;
  /** Ends everything, cleanly. */
  close(): Promise<void>;
}
