import type { QueueOperations } from '@keybin/shared/ports/operations.js';
import type { Answer } from '../command/answer.js';

export async function pauseQueue(queue: QueueOperations): Promise<Answer> {
  await queue.pause();
  return { json: { paused: true }, text: 'Paused: workers take no jobs' };
}

export async function resumeQueue(queue: QueueOperations): Promise<Answer> {
  await queue.resume();
  return { json: { paused: false }, text: 'Resumed: workers take jobs' };
}
