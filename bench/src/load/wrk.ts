import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const script = fileURLToPath(new URL('../../lua/load.lua', import.meta.url));

/** Number of connections that wrk keeps busy. */
export const connections = 64;
/** Size of the written and read values, in bytes. */
export const valueBytes = 100;

export interface Load {
  readonly method: 'GET' | 'POST';
  /** URL that ends with `/` or `?`. The keys `key1` ... `key<keys>` follow it in random order. */
  readonly url: string;
  readonly authorization?: string | undefined;
  readonly keys: number;
  readonly seconds: number;
}

export interface WrkReport {
  readonly requests: number;
  readonly durationUs: number;
  /** Number of answers with a status of 400 or more. */
  readonly badStatuses: number;
  /** Number of connections, reads and writes that failed or timed out. */
  readonly failures: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

/** Runs wrk with one thread. Throws if any request failed. */
export async function wrk({ method, url, keys, seconds, authorization }: Load): Promise<WrkReport> {
  const header = authorization === undefined ? [] : ['-H', `Authorization: ${authorization}`];
  const options = ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', '-s', script, ...header];
  const { stdout } = await promisify(execFile)('wrk', [
    ...options,
    url,
    '--',
    method,
    `${keys}`,
    `${valueBytes}`,
  ]).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') throw new Error('wrk is not installed: apt-get install wrk');
    throw error;
  });
  const report = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as WrkReport; // format of load.lua
  if (report.requests === 0 || report.badStatuses > 0 || report.failures > 0) {
    throw new Error(`${method} ${new URL(url).origin}: ${JSON.stringify(report)}`);
  }
  return report;
}
