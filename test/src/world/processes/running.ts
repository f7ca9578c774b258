/** An API or a worker that a test has started, in its own process or in another one. */
export interface Running {
  /** Everything that it has printed so far. */
  readonly output: string;
  /** The complete lines of the output that are JSON, as the log prints them. */
  readonly logs: readonly Record<string, unknown>[];
  /** Shuts it down gracefully. May be called twice. Throws if the shutdown fails. */
  stop(): Promise<void>;
}

export interface RunningApi extends Running {
  /** Base URL without a trailing slash. */
  readonly url: string;
  readonly port: number;
}

export interface RunningWorker extends Running {
  /** Base URL of its `/metrics`, `/livez` and `/readyz`. Throws before the worker has logged it. */
  readonly url: string;
}

/** Settings with cheap password hashes, and with rate limits for tests, which often log in from one address. */
export const testSettings = {
  KEYBIN_ACCOUNTS_BCRYPT_COST: '4',
  KEYBIN_LIMITS_FAILED_LOGINS_PER_ADDRESS: '1000000/900',
  KEYBIN_LIMITS_FAILED_LOGINS_PER_ACCOUNT: '1000000/900',
  KEYBIN_LIMITS_FAILED_LOGINS_PER_ACCOUNT_EVERYWHERE: '1000000/900',
  KEYBIN_LIMITS_REGISTRATIONS_PER_ADDRESS: '1000000/900',
  KEYBIN_LIMITS_PUBLIC_USERS_PER_ADDRESS: '1000000/900',
  KEYBIN_LIMITS_IDENTIFY_CODES_PER_ADDRESS: '1000000/900',
  KEYBIN_LIMITS_IDENTIFY_CODES_PER_NAME: '1000000/900',
  KEYBIN_LIMITS_IDENTIFY_CODES_PER_NAME_DAILY: '1000000/900',
  KEYBIN_LIMITS_IDENTIFY_CODES_PER_NAME_EVERYWHERE: '1000000/900',
};

/** Returns the lines of an output that are JSON. */
export function logsIn(output: string): Record<string, unknown>[] {
  const lines = output.split('\n').filter((line) => line.startsWith('{') && line.endsWith('}'));
  return lines.map((line): Record<string, unknown> => JSON.parse(line));
}

/** Returns the address that a worker has logged. Throws before it has logged one. */
export function workerUrl(output: string): string {
  const [url] = /http:\/\/[\d.]+:\d+/.exec(output) ?? [];
  if (url === undefined) throw new Error('The worker does not listen');
  return url;
}
