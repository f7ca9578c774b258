import type { EntryName, QueueOperations } from '@keybin/shared/operations.js';
import { CommandError, type Answer } from '../answer.js';

/** Throws a `CommandError` that names those of which nothing is set aside; the others are tried again nevertheless. */
export async function retryWrites(queue: QueueOperations, names: readonly EntryName[]): Promise<Answer> {
  const unknown: string[] = [];
  for (const name of names) {
    if (!(await queue.retry(name))) unknown.push(`${name.userId}/${name.key}`);
  }
  if (unknown.length > 0) throw new CommandError(`nothing is set aside of ${unknown.join(', ')}`);
  return answerOf(names.length);
}

export async function retryAll(queue: QueueOperations): Promise<Answer> {
  return answerOf(await queue.retryAll());
}

const answerOf = (retried: number): Answer => ({
  json: { retried },
  text: `${retried} tried again; 'keybin queue failed' shows what is refused again`,
});
