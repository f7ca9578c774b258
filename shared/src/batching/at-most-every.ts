/**
 * Returns a function that begins `compute` at most once in `pauseMs`. Other calls get the result of the latest run, or
 * wait for it while it is in flight. A failure is a result, too.
 */
export function atMostEvery<T>(pauseMs: number, compute: () => Promise<T>): () => Promise<T> {
  let latest: Promise<T> | undefined;
  let begunMs = -Infinity;
  let isRunning = false;
  return () => {
    const nowMs = performance.now();
    if (latest && (isRunning || nowMs - begunMs < pauseMs)) return latest;
    begunMs = nowMs;
    isRunning = true;
    return (latest = compute().finally(() => (isRunning = false)));
  };
}
