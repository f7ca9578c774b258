import { deadlineIn } from '@keybin/shared/deadline.js';
import type { PendingReads } from '@keybin/shared/engines/scale-out/entries/pending-reads.js';
import type { StoredEntries } from '@keybin/shared/engines/scale-out/entries/stored-entries.js';
import { times } from '../../../world/times.js';

/** The two stores that a read looks in. */
export interface ReadSteps {
  readonly pending: Pick<PendingReads, 'read' | 'keys'>;
  readonly stored: Pick<StoredEntries, 'find' | 'findNewer' | 'notYetStored' | 'keys'>;
}

/** Removes the rule: reads MongoDB in the step before the pending entries. */
export function mongoFirst({ pending, stored }: ReadSteps): ReadSteps {
  const pages: string[][] = [];
  return {
    pending: {
      read: async (bearer, key, verified) => {
        const json = await stored.find(bearer.userId, key, deadlineIn(times.answerMs));
        const entry = await pending.read(bearer, key, verified);
        return entry === 'none' && json !== undefined ? { epoch: 0, version: 0, json, mayBeOld: false } : entry;
      },
      keys: async (bearer, verified) => {
        for await (const page of stored.keys(bearer.userId, deadlineIn(times.answerMs))) pages.push(page);
        return pending.keys(bearer, verified);
      },
    },
    stored: {
      find: async () => undefined,
      findNewer: stored.findNewer.bind(stored),
      notYetStored: stored.notYetStored.bind(stored),
      async *keys() {
        yield* pages;
      },
    },
  };
}
