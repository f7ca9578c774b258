import type { Life } from './checkers/history.js';
import type { Service } from './clients/actor.js';
import type { Target } from './targets/target.js';
import type { Network } from '../world/network/network.js';
import type { Fault } from './faults.js';

/** Leftovers in the store and the queue after everything has come to rest. */
export interface Leftovers {
  /** Number of BullMQ jobs that wait, are active or have failed. */
  readonly jobs: number;
  /** Number of pending writes. */
  readonly pending: number;
  /** Entries, tokens and other data of erased accounts. */
  readonly resurrected: readonly string[];
  /** Differences between the store and the API for live accounts. */
  readonly different: readonly string[];
}

/** A live account as the API shows it. */
export interface Shown {
  readonly username: string;
  /** key → value */
  readonly values: ReadonlyMap<string, string>;
  /** id → content */
  readonly posts: ReadonlyMap<string, string>;
  /** id → SHA-256 */
  readonly files: ReadonlyMap<string, string>;
}

/** One Redis; a cluster of three nodes; three servers behind sentinels; or two behind one address, which swap roles. */
export type RedisKind = 'single' | 'cluster' | 'sentinel' | 'failover';

/** Processes of a run, and the faults that may hit them. */
export interface World extends Service {
  readonly engine: 'embedded' | 'scale-out';
  /** All processes, in the order of starting them. */
  readonly targets: readonly Target[];
  readonly faults: readonly Fault[];
  /** Network of the targets, for faults that cut it. */
  readonly network?: Network | undefined;
  /** Resolves once all servers work together again after a fault. */
  whole(): Promise<void>;
  /** Resolves once no write is pending, or once that has taken too long, which `leftovers` reports. */
  drained(): Promise<void>;
  /** Looks into the store and the queue, after enough time for the removal of erased data. */
  leftovers(shown: readonly Shown[]): Promise<Leftovers>;
  /** Returns the history of an entry in the servers, one line per event. */
  trace?(life: Life, key: string): Promise<string[]>;
  /** Shuts everything down cleanly. */
  close(): Promise<void>;
}
