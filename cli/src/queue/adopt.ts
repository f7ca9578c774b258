import type { QueueOperations } from '@keybin/shared/operations.js';
import type { Answer } from '../answer.js';

export async function adoptQueue(queue: QueueOperations): Promise<Answer> {
  const outcome = await queue.adopt();
  const text = outcome === 'own' ? "The queue is this store's already" : 'Adopted: what waits is applied to this store';
  return { json: { outcome }, text };
}
