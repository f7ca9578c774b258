import type { QueueOperations } from '@keybin/shared/ports/operations.js';
import type { Answer } from '../command/answer.js';

export async function adoptQueue(queue: QueueOperations, queueId: string): Promise<Answer> {
  const outcome = await queue.adopt(queueId);
  const text =
    outcome === 'own'
      ? `Queue ${queueId} is that of this store already`
      : `Queue ${queueId} is that of this store now: its workers apply the writes that wait there`;
  return { json: { outcome }, text };
}
