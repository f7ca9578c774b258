import { processCpuUs } from '../report/process-cpu.js';
import { alternate, median } from '../rounds.js';
import { type Load, wrk } from './wrk.js';

/** A server under load. `pid` is the process whose CPU time counts. */
export interface Target {
  readonly pid: number;
  /** URL that ends with `/` or `?`. The key follows it. */
  readonly url: string;
  /** Number of keys to request, if it differs from the other side's. */
  readonly keys?: number;
  /** Value of `Authorization`, if the server requires one. */
  readonly authorization?: string;
}

/** Medians of all rounds. */
export interface LoadResult {
  readonly perSecond: number;
  readonly cpuUsPerRequest: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export type Shape = Omit<Load, 'url' | 'authorization'>;

/** Runs one round of load on one server. */
export async function loadOnce(target: Target, shape: Shape): Promise<LoadResult> {
  const { pid, url, keys = shape.keys, authorization } = target;
  const before = processCpuUs(pid);
  const { requests, durationUs, p50Us, p99Us } = await wrk({ ...shape, url, keys, authorization });
  return {
    perSecond: (requests / durationUs) * 1e6,
    cpuUsPerRequest: (processCpuUs(pid) - before) / requests,
    p50Ms: p50Us / 1_000,
    p99Ms: p99Us / 1_000,
  };
}

/** Returns the median of each figure separately. */
export function medianOf(samples: readonly LoadResult[]): LoadResult {
  return {
    perSecond: median(samples.map((sample) => sample.perSecond)),
    cpuUsPerRequest: median(samples.map((sample) => sample.cpuUsPerRequest)),
    p50Ms: median(samples.map((sample) => sample.p50Ms)),
    p99Ms: median(samples.map((sample) => sample.p99Ms)),
  };
}

/** Number of requests after which Node has compiled the hot code. */
const warmUpRequests = 50_000;
/** Largest number of warm-up rounds, because a busy machine may never reach `warmUpRequests`. */
const mostWarmUps = 5;
/** Number of unmeasured rounds of both servers before a comparison. */
const warmUps = 2;

/** Measures one round of load on one server after a warm-up. Calls `settle` after each round. */
export async function loadAlone(
  target: Target,
  shape: Shape,
  settle: () => Promise<void> = async () => {},
): Promise<LoadResult> {
  const load = async () => {
    const result = await loadOnce(target, shape);
    await settle();
    return result;
  };
  let requests = 0;
  for (let round = 0; round < mostWarmUps && requests < warmUpRequests; round++) {
    requests += (await load()).perSecond * shape.seconds;
  }
  return load();
}

/**
 * Runs the same load on two servers in turn, after a warm-up of both. `settle` is called after each round of the
 * product. It waits for the work that the round left behind, which would slow the yardstick down.
 */
export async function compareLoads(
  rounds: number,
  product: Target,
  yardstick: Target,
  shape: Shape,
  settle: () => Promise<void> = async () => {},
) {
  const loadYardstick = () => loadOnce(yardstick, shape);
  const loadProduct = async () => {
    const result = await loadOnce(product, shape);
    await settle();
    return result;
  };
  for (let warmUp = 0; warmUp < warmUps; warmUp++) {
    await loadYardstick();
    await loadProduct();
  }
  const { a, b } = await alternate(rounds, loadYardstick, loadProduct);
  return { yardstick: medianOf(a), product: medianOf(b) };
}
