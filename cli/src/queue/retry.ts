import { entryId } from '@keybin/shared/ids/entry-name.js';
import { isUserId } from '@keybin/shared/ids/user-id.js';
import type { QueueOperations } from '@keybin/shared/ports/operations.js';
import { CommandError, type Answer } from '../command/answer.js';

/** A write as `keybin queue rejected` shows it. */
export interface ShownWrite {
  /** Name of the account, or its id. */
  readonly user: string;
  readonly key: string;
}

/**
 * Retries these writes. Throws a `CommandError` that names the ones that are not rejected, after it has retried the
 * others.
 */
export async function retryWrites(queue: QueueOperations, writes: readonly ShownWrite[]): Promise<Answer> {
  const usernames = new Set(writes.map(({ user }) => user).filter((user) => !isUserId(user)));
  const userIds = usernames.size === 0 ? new Map<string, string>() : await queue.userIds([...usernames]);
  const unknown: string[] = [];
  for (const { user, key } of writes) {
    if (!(await queue.retry({ userId: userIds.get(user) ?? user, key }))) unknown.push(entryId(user, key));
  }
  if (unknown.length > 0) throw new CommandError(`not rejected: ${unknown.join(', ')}`);
  return answerOf(writes.length);
}

export async function retryAll(queue: QueueOperations): Promise<Answer> {
  return answerOf(await queue.retryAll());
}

const answerOf = (retried: number): Answer => ({
  json: { retried },
  text: `${retried} retried; 'keybin queue rejected' shows the writes that are rejected again`,
});
