import type { WriteObserver } from './write-observer.js';

/** Options for opening an engine. */
export interface EngineOptions {
  readonly observer?: WriteObserver;
  /** Makes it wait for servers that are down, until it is aborted. Without it, that is an error. */
  readonly waiting?: AbortSignal;
}
