import type { QueueOperations } from '@keybin/shared/ports/operations.js';
import type { Answer } from '../command/answer.js';

export async function adoptQueue(queue: QueueOperations): Promise<Answer> {
  const outcome = await queue.adopt();
  const text =
    outcome === 'own'
      ? 'The queue already belongs to this store'
      : 'Adopted: workers apply the pending writes to this store';
  return { json: { outcome }, text };
}
