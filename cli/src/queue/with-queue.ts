import type { Config } from '@keybin/shared/config/config.js';
import { maskCredentials } from '@keybin/shared/config/url-kinds.js';
import { openQueueOperations } from '@keybin/shared/engines/open-engine.js';
import { silentLog } from '@keybin/shared/process/log.js';
import type { QueueOperations } from '@keybin/shared/ports/operations.js';
import { CommandError } from '../command/answer.js';

/**
 * Opens the configured engine's queue, calls `work`, and closes it. Throws a `CommandError` if the engine has no queue.
 */
export async function withQueue<T>(config: Config, work: (queue: QueueOperations) => Promise<T>): Promise<T> {
  const queue = await openQueueOperations(config, silentLog());
  if (!queue) {
    const store = maskCredentials(config.store.host);
    throw new CommandError(`${store} has no queue: its engine stores each write before it acknowledges it`);
  }
  try {
    return await work(queue);
  } finally {
    await queue.close();
  }
}
