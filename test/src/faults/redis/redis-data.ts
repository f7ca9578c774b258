import { cpSync, rmSync } from 'node:fs';
import type { RedisServer } from '../../world/services/redis-server.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';

/** Makes something of what a Redis that does not run has on disk. */
export type Become = (directory: string) => void;

export const nothing: Become = (directory) => rmSync(`${directory}/appendonlydir`, { recursive: true });
export const itself: Become = () => {};

/** Takes what Redis has on disk now, to be put back later. */
export function snapshot({ dir }: RedisServer): Become {
  const kept = temporaryDirectory();
  cpSync(dir, kept, { recursive: true });
  return (directory) => {
    rmSync(directory, { recursive: true });
    cpSync(kept, directory, { recursive: true });
  };
}

/** Kills Redis and starts it again with what `become` leaves, perhaps in another environment. */
export async function restart(
  redis: RedisServer,
  become: Become,
  env?: Readonly<Record<string, string>>,
): Promise<void> {
  await redis.kill('SIGKILL');
  become(redis.dir);
  await redis.start(env);
}
