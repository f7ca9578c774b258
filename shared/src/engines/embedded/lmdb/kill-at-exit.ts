/**
 * Keeps this process from hanging when it ends inside a transaction, until what it returns is called. Node waits for its threads then, and
 * LMDB's waits for the lock, or for a step that nobody does any more: the process would be there for ever and let no other one write. So it
 * kills itself, as if it had crashed.
 */
export function killAtExitWhile(isInside: () => boolean): () => void {
  const killIfInside = () => {
    if (isInside()) process.kill(process.pid, 'SIGKILL');
  };
  process.on('exit', killIfInside);
  return () => process.off('exit', killIfInside);
}
