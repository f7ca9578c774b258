import { entryId, type EntryName } from '@keybin/shared/ids/entry-name.js';
import type { ApplyJob } from '@keybin/shared/engines/scale-out/queue/partition-queue.js';
import { flatten } from './entry-names.js';

/** Number of entries that are remembered. Older ones are forgotten. */
const rememberedEntries = 20_000;
/** Requests named in a log line. A job stands for up to a thousand. */
const requestsPerLine = 20;

/** Memory of the request that wrote each entry, as jobs tell it, for log lines. */
export class RequestOrigins {
  readonly #requestOf = new Map<string, string>();

  note({ entries, requests = [] }: ApplyJob['data']): void {
    flatten(entries).forEach(({ userId, key }, position) => {
      const request = requests[position];
      if (!request) return;
      const id = entryId(userId, key);
      this.#requestOf.delete(id); // so that it becomes the newest
      this.#requestOf.set(id, request);
    });
    for (const id of this.#requestOf.keys()) {
      if (this.#requestOf.size <= rememberedEntries) break;
      this.#requestOf.delete(id);
    }
  }

  requestOf({ userId, key }: EntryName): string | undefined {
    return this.#requestOf.get(entryId(userId, key));
  }
}

/** Returns the first distinct requests of a job for a log line, and the number of all. */
export function requestsOf({ requests = [] }: ApplyJob['data']): { requests: string[]; requestCount: number } {
  const distinct = [...new Set(requests)].filter((request) => request !== '');
  return { requests: distinct.slice(0, requestsPerLine), requestCount: distinct.length };
}
