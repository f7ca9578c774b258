import { entryId } from '@keybin/shared/ids/entry-name.js';
import { isUserId } from '@keybin/shared/ids/user-id.js';
import type { QueueOperations, RejectedWrite } from '@keybin/shared/ports/operations.js';
import type { Answer } from '../command/answer.js';
import { oneLine } from '../command/one-line.js';

/**
 * Returns the first `limit` rejected writes, and the number of all. Each has the name of its account, or the id if
 * MongoDB does not have it.
 */
export async function rejectedWrites(queue: QueueOperations, limit: number): Promise<Answer> {
  const counts = (await queue.status()).map(({ rejected }) => rejected);
  const writes: RejectedWrite[] = [];
  if (limit > 0) {
    for await (const write of queue.rejected()) {
      writes.push(write);
      if (writes.length === limit) break;
    }
  }
  const count = Math.max(
    writes.length,
    counts.reduce((sum, each) => sum + each, 0),
  );
  const usernames = await queue.usernames([...new Set(writes.map(({ userId }) => userId))]);
  const named = writes.map((write) => ({ ...write, username: shownName(usernames.get(write.userId)) }));
  return { json: { count, writes: named }, text: [...named.map(line), footer(count, writes.length)].join('\n') };
}

const line = ({
  userId,
  username = userId,
  key,
  acceptedAt,
  reason,
}: RejectedWrite & { readonly username?: string | undefined }) =>
  `${entryId(username, key)}  ${acceptedAt.toISOString()}  ${oneLine(reason)}`;

/** Returns the name, unless it looks like an id: `queue retry` would take it for one. */
const shownName = (username: string | undefined) =>
  username !== undefined && isUserId(username) ? undefined : username;

function footer(count: number, shown: number): string {
  if (count === 0) return 'No write is rejected.';
  const rest = count > shown ? `; ${shown} are shown, --limit shows more` : '';
  return `${count} rejected${rest}`;
}
