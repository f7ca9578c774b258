import type { MongoClient } from 'mongodb';
import type { Log } from '../../../process/log.js';

/**
 * Logs once when no server of MongoDB takes writes, with the reason if one is known, and once when one does again. The
 * driver checks every 10 s, and at once when a connection breaks or an operation waits for a server. So a short outage
 * may not be logged.
 */
export function logOutages(client: MongoClient, log: Log): void {
  let sinceMs: number | undefined;
  client.on('topologyDescriptionChanged', ({ newDescription }) => {
    const servers = [...newDescription.servers.values()];
    const serves = servers.some(({ isWritable }) => isWritable);
    if (serves && sinceMs !== undefined) {
      log.info({ seconds: Math.round((performance.now() - sinceMs) / 1_000) }, 'MongoDB is up again');
      sinceMs = undefined;
    } else if (!serves && sinceMs === undefined) {
      log.warn({ err: servers.find(({ error }) => error)?.error }, 'MongoDB is down');
      sinceMs = performance.now();
    }
  });
}
