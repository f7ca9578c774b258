import type { MongoClient } from 'mongodb';
import type { Log } from '../../../process/log.js';

/**
 * Says once that MongoDB has no server left that takes writes, with the reason if one is known, and once that it has one again.
 * The driver looks every 10 s, and at once when a connection breaks or somebody waits for a server: a short outage may pass
 * unsaid.
 */
export function logOutages(client: MongoClient, log: Log): void {
  let sinceMs: number | undefined;
  client.on('topologyDescriptionChanged', ({ newDescription }) => {
    const servers = [...newDescription.servers.values()];
    const serves = servers.some(({ isWritable }) => isWritable);
    if (serves && sinceMs !== undefined) {
      log.info({ seconds: Math.round((performance.now() - sinceMs) / 1_000) }, 'MongoDB is back');
      sinceMs = undefined;
    } else if (!serves && sinceMs === undefined) {
      log.warn({ err: servers.find(({ error }) => error)?.error }, 'MongoDB is away');
      sinceMs = performance.now();
    }
  });
}
