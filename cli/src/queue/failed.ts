import type { FailedWrite, QueueOperations } from '@keybin/shared/operations.js';
import type { Answer } from '../answer.js';
import { oneLine } from '../one-line.js';

/** The first `limit` of the writes that are set aside, and how many there are. */
export async function failedWrites(queue: QueueOperations, limit: number): Promise<Answer> {
  const counts = (await queue.status()).map(({ setAside }) => setAside);
  const writes: FailedWrite[] = [];
  if (limit > 0) {
    for await (const write of queue.failed()) {
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

const line = ({ userId, key, acceptedAt, reason }: FailedWrite) =>
  `${userId}/${key}  ${acceptedAt.toISOString()}  ${oneLine(reason)}`;

function footer(count: number, shown: number): string {
  if (count === 0) return 'No write is set aside.';
  const rest = count > shown ? `; --limit shows more than these ${shown}` : '';
  return `${count} set aside${rest}`;
}
