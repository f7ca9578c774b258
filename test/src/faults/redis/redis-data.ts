import { cpSync, rmSync } from 'node:fs';
import type { RedisServer } from '../../world/services/redis-server.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';

/** Changes the files of a Redis that is not running. */
export type Become = (directory: string) => void;

export const nothing: Become = (directory) => rmSync(`${directory}/appendonlydir`, { recursive: true });
export const itself: Become = () => {};

/** Copies the files of Redis. Returns a function that restores them. */
export function snapshot({ dir }: RedisServer): Become {
  const kept = temporaryDirectory();
  cpSync(dir, kept, { recursive: true });
  return (directory) => {
    rmSync(directory, { recursive: true });
    cpSync(kept, directory, { recursive: true });
  };
}

/** Kills Redis, changes its files with `become`, and starts it again, perhaps in another environment. */
export async function restart(
  redis: RedisServer,
  become: Become,
  env?: Readonly<Record<string, string>>,
): Promise<void> {
  await redis.kill('SIGKILL');
  become(redis.dir);
  await redis.start(env);
}
