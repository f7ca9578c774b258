import { withDeadline } from '../deadline.js';

/** Health of an engine and of its dependencies. */
export interface Health {
  /** True if the engine can serve at least some requests. */
  readonly canServe: boolean;
  readonly dependencies: readonly DependencyHealth[];
}

/** Result of asking one dependency of an engine. */
export interface DependencyHealth extends Finding {
  /** Name, such as `redis`. */
  readonly name: string;
  readonly answered: boolean;
  /** Time until it answered or was given up. */
  readonly latencyMs: number;
}

/** Details about a dependency. They may be shown to anyone: they hold no address and no name. */
export interface Finding {
  /** Description of what is wrong. */
  readonly problem?: string;
  /** Failures that an acknowledged write survives with the dependency's current settings. */
  readonly durability?: string;
}

/** Waits for the answer to `ask`, at most `timeoutMs`. Never throws. */
export async function askDependency<T>(
  name: string,
  ask: () => Promise<T>,
  timeoutMs: number,
  findingOf: (answer: T) => Finding = () => ({}),
): Promise<DependencyHealth> {
  const startedMs = performance.now();
  const asked = Promise.resolve().then(ask); // so that an error thrown synchronously is caught too
  const finding = await withDeadline(asked, timeoutMs, `checking ${name}`).then(
    (answer) => ({ answered: true, ...findingOf(answer) }),
    (error: unknown) => ({ answered: false, problem: problemOf(error) }),
  );
  return { name, ...finding, latencyMs: performance.now() - startedMs };
}

/** Texts for the error codes of node and the drivers, whose own texts hold addresses. */
const problems: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  ENOTFOUND: 'unknown host name',
  EAI_AGAIN: 'host name lookup failed',
  ETIMEDOUT: 'connection timed out',
};

/** Returns a text for the error or one of its causes. */
function problemOf(error: unknown): string {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const code = 'code' in cause ? String(cause.code) : '';
    const known = problems[code];
    if (known !== undefined) return known;
    if (/\bLOADING\b/.test(cause.message)) return 'still loading its data';
    if (/\bis a replica\b/.test(cause.message)) return 'a replica, not the primary';
    if (/took longer than|timed? ?out/i.test(cause.message)) return 'no response in time';
    if (/certificate/i.test(cause.message)) return 'certificate refused';
    if (/\b(NOAUTH|WRONGPASS|NOPERM|AuthenticationFailed)\b|authentication/i.test(cause.message)) {
      return 'credentials refused';
    }
  }
  return 'unreachable';
}

/** Returns the body of `/readyz`. */
export function describeHealth({ canServe, dependencies }: Health): object {
  const isFine = dependencies.every(({ answered, problem }) => answered && problem === undefined);
  const each = dependencies.map(({ name, answered, latencyMs, problem, durability }) => [
    name,
    {
      status: answered ? 'up' : 'down',
      latency_ms: Math.round(latencyMs * 10) / 10,
      ...(problem !== undefined && { problem }),
      ...(durability !== undefined && { durability }),
    },
  ]);
  return {
    status: canServe ? (isFine ? 'ready' : 'degraded') : 'unavailable',
    dependencies: Object.fromEntries(each),
  };
}
