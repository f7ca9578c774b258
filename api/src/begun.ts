import type { IncomingMessage } from 'node:http';

/** A request that has failed before Koa had it. */
export interface Failure {
  /** In `performance.now()`'s time. */
  readonly startedMs: number;
  readonly requestId: string;
  readonly error: unknown;
}

/** How requests have failed that were begun before Koa had them. */
export class Begun {
  readonly #failures = new WeakMap<IncomingMessage, Failure>();

  failed(request: IncomingMessage, failure: Failure): void {
    this.#failures.set(request, failure);
  }

  failureOf(request: IncomingMessage): Failure | undefined {
    return this.#failures.get(request);
  }

  /** Throws the error of a request that has failed already; its body has been read. */
  rethrow(request: IncomingMessage): void {
    const failure = this.#failures.get(request);
    if (failure) throw failure.error;
  }
}
