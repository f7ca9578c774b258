/** An API or a worker that a test has started, in its own process or in one beside it. */
export interface Running {
  /** All that it has printed so far. */
  readonly output: string;
  /** Each complete line of it that is JSON, as the log prints them. */
  readonly logs: readonly Record<string, unknown>[];
  /** Shuts it down gracefully. May be called twice. Throws if the shutdown fails. */
  stop(): Promise<void>;
}

export interface RunningApi extends Running {
  /** Without a slash at its end. */
  readonly url: string;
  readonly port: number;
}

export interface RunningWorker extends Running {
  /** Of its `/metrics`, `/livez` and `/readyz`; throws before it has said where it listens. */
  readonly url: string;
}

/** Cheap password hashes, and limits that let one address do what the tests do: they log in often. */
export const testSettings = {
  KEYBIN_ACCOUNTS_BCRYPT_COST: '4',
  KEYBIN_LIMITS_FAILED_LOGINS_PER_ADDRESS: '1000000/900',
  KEYBIN_LIMITS_FAILED_LOGINS_PER_ACCOUNT: '1000000/900',
  KEYBIN_LIMITS_FAILED_LOGINS_PER_ACCOUNT_EVERYWHERE: '1000000/900',
  KEYBIN_LIMITS_REGISTRATIONS_PER_ADDRESS: '1000000/900',
  KEYBIN_LIMITS_IDENTIFY_CODES_PER_ADDRESS: '1000000/900',
};

/** The lines of an output that are JSON. */
export function logsIn(output: string): Record<string, unknown>[] {
  const lines = output.split('\n').filter((line) => line.startsWith('{') && line.endsWith('}'));
  return lines.map((line): Record<string, unknown> => JSON.parse(line));
}

/** Where a worker says that it answers. Throws before it has said so. */
export function workerUrl(output: string): string {
  const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(output) ?? [];
  if (url === undefined) throw new Error('The worker does not listen');
  return url;
}
