import { withDeadline } from '../deadline.js';

/** Whether an engine can do its work. */
export interface Health {
  /** Whether there is anything that it can serve. */
  readonly canServe: boolean;
  readonly dependencies: readonly DependencyHealth[];
}

/** What came of asking one of the things that an engine depends on. */
export interface DependencyHealth extends Finding {
  /** Such as `redis`. */
  readonly name: string;
  readonly answered: boolean;
  /** Until it answered or was given up. */
  readonly latencyMs: number;
}

/** What is known of a dependency beside whether it answers. It may be told to anyone: no address, no name. */
export interface Finding {
  /** What is wrong. */
  readonly problem?: string;
  /** What an answered write survives, as the dependency is set up now. */
  readonly durability?: string;
}

/** Waits for the answer to `ask`, `timeoutMs` at most. Never throws. */
export async function askDependency<T>(
  name: string,
  ask: () => Promise<T>,
  timeoutMs: number,
  findingOf: (answer: T) => Finding = () => ({}),
): Promise<DependencyHealth> {
  const startedMs = performance.now();
  const asked = Promise.resolve().then(ask); // so that what it throws at once is caught, too
  const finding = await withDeadline(asked, timeoutMs, `asking ${name}`).then(
    (answer) => ({ answered: true, ...findingOf(answer) }),
    (error: unknown) => ({ answered: false, problem: problemOf(error) }),
  );
  return { name, ...finding, latencyMs: performance.now() - startedMs };
}

/** What node and the drivers say by a code, in words; their texts hold addresses. */
const problems: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection is refused',
  ECONNRESET: 'the connection was cut',
  EHOSTUNREACH: 'its host cannot be reached',
  ENETUNREACH: 'its network cannot be reached',
  ENOTFOUND: 'its host name is not known',
  EAI_AGAIN: 'its host name cannot be looked up',
  ETIMEDOUT: 'it does not answer',
};

/** From the error or what caused it. */
function problemOf(error: unknown): string {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const code = 'code' in cause ? String(cause.code) : '';
    const known = problems[code];
    if (known !== undefined) return known;
    if (/took longer than|timed? ?out/i.test(cause.message)) return 'it does not answer in time';
    if (/\b(NOAUTH|WRONGPASS|NOPERM|AuthenticationFailed)\b|authentication/i.test(cause.message)) {
      return 'it refuses the credentials';
    }
  }
  return 'it cannot be reached';
}

/** As `/readyz` answers it. */
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
