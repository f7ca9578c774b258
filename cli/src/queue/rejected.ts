import { entryId } from '@keybin/shared/ids/entry-name.js';
import type { QueueOperations, RejectedWrite } from '@keybin/shared/ports/operations.js';
import type { Answer } from '../command/answer.js';
import { oneLine } from '../command/one-line.js';

/** Returns the first `limit` rejected writes, and the number of all. */
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
  return { json: { count, writes }, text: [...writes.map(line), footer(count, writes.length)].join('\n') };
}

const line = ({ userId, key, acceptedAt, reason }: RejectedWrite) =>
  `${entryId(userId, key)}  ${acceptedAt.toISOString()}  ${oneLine(reason)}`;

function footer(count: number, shown: number): string {
  if (count === 0) return 'No write is rejected.';
  const rest = count > shown ? `; ${shown} are shown, --limit shows more` : '';
  return `${count} rejected${rest}`;
}
