import { preloaded } from '../processes/preloaded.js';

/** The environment in which redis-server's disk takes so long for each sync. */
export const slowDisk = (syncMs: number): Record<string, string> =>
  preloaded(
    `int usleep(unsigned); int fsync(int); int fdatasync(int fd) { usleep(${syncMs}000); return fsync(fd); }\n`,
  );
