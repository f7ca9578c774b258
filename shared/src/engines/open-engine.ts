import type { Config } from '../config/config.js';
import type { Log } from '../log.js';
import type { Engine } from '../ports.js';

/**
 * Opens the engine that `[STORE] host` asks for, by the scheme of its URL. Only that engine's libraries are loaded. Throws an
 * error with a one-line message when it cannot start.
 */
export async function openEngine(config: Config, log: Log): Promise<Engine> {
  const scheme = config.store.host.split(':', 1)[0];
  switch (scheme) {
    case 'lmdb': {
      const { openLmdbEngine } = await import('./lmdb/engine.js');
      return openLmdbEngine(config, log);
    }
    case 'mongodb':
    case 'mongodb+srv': {
      const { openMongoEngine } = await import('./mongo/engine.js');
      return openMongoEngine(config, log);
    }
    default:
      throw new Error(`[STORE] host: no engine for '${scheme}:', expected lmdb: or mongodb:`);
  }
}
