import { entryId, type EntryName } from '@keybin/shared/ids/entry-name.js';
import type { QueueOperations } from '@keybin/shared/ports/operations.js';
import { CommandError, type Answer } from '../command/answer.js';

/**
 * Retries these writes. Throws a `CommandError` that names the ones that are not rejected, after it has retried the
 * others.
 */
export async function retryWrites(queue: QueueOperations, names: readonly EntryName[]): Promise<Answer> {
  const unknown: string[] = [];
  for (const name of names) {
    if (!(await queue.retry(name))) unknown.push(entryId(name.userId, name.key));
  }
  if (unknown.length > 0) throw new CommandError(`not rejected: ${unknown.join(', ')}`);
  return answerOf(names.length);
}

export async function retryAll(queue: QueueOperations): Promise<Answer> {
  return answerOf(await queue.retryAll());
}

const answerOf = (retried: number): Answer => ({
  json: { retried },
  text: `${retried} retried; 'keybin queue rejected' shows the writes that are rejected again`,
});
