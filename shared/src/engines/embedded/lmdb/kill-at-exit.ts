/**
 * Keeps this process from hanging when it ends inside a transaction, until the returned function is called. Node waits
 * for its threads at the end, and LMDB's thread waits for the lock, or for a step that nothing runs. The process would
 * stay forever and keep others from writing. So it kills itself, as if it had crashed.
 */
export function killAtExitWhile(isInside: () => boolean): () => void {
  const killIfInside = () => {
    if (isInside()) process.kill(process.pid, 'SIGKILL');
  };
  process.on('exit', killIfInside);
  return () => process.off('exit', killIfInside);
}
