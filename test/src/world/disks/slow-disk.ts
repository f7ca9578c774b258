import { preloaded } from '../processes/preloaded.js';

/** Returns an environment in which each sync of redis-server takes `syncMs`. */
export const slowDisk = (syncMs: number): Record<string, string> =>
  preloaded(
    `int usleep(unsigned); int fsync(int); int fdatasync(int fd) { usleep(${syncMs}000); return fsync(fd); }\n`,
  );
