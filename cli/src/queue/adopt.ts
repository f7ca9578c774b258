import type { QueueOperations } from '@keybin/shared/ports/operations.js';
import type { Answer } from '../command/answer.js';

export async function adoptQueue(queue: QueueOperations): Promise<Answer> {
  const outcome = await queue.adopt();
  const text = outcome === 'own' ? "The queue is this store's already" : 'Adopted: what waits is applied to this store';
  return { json: { outcome }, text };
}
