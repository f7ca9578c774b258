import { answerTimeoutMs, withDeadline } from './deadline.js';

/** Whether an engine can do its work. */
export interface Health {
  /** Whether there is anything that it can serve. */
  readonly canServe: boolean;
  readonly dependencies: readonly DependencyHealth[];
}

/** What came of asking one of the things that an engine depends on. */
export interface DependencyHealth {
  /** Such as `redis`. */
  readonly name: string;
  readonly answered: boolean;
  /** Until it answered or was given up. */
  readonly latencyMs: number;
}

/** Waits for the answer to `ask`, for the time that a request has. Never throws. */
export async function askDependency(name: string, ask: () => Promise<unknown>): Promise<DependencyHealth> {
  const startedMs = performance.now();
  const asked = Promise.resolve().then(ask); // so that what it throws at once is caught, too
  const answered = await withDeadline(asked, answerTimeoutMs, `asking ${name}`).then(
    () => true,
    () => false,
  );
  return { name, answered, latencyMs: performance.now() - startedMs };
}
