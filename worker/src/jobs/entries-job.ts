import { UnrecoverableError } from 'bullmq';
import { readEntryName } from '@keybin/shared/ids/entry-name.js';
import type { EntriesJob } from '@keybin/shared/engines/scale-out/queue/partition-queue.js';

/**
 * A job as Keybin makes them. Others can be added, and these be edited, by an operator's tools: one of another shape fails, and is not
 * tried again, instead of failing somewhere on the way. Throws an `UnrecoverableError`.
 */
export function checkedEntriesJob(name: string, data: unknown): EntriesJob {
  const fields = typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {}; // an object, checked just before
  const { entries } = fields;
  const read = Array.isArray(entries) ? { ...fields, entries: entries.map(parseName) } : fields;
  if (isJob(name, read)) return { name, data: read } as unknown as EntriesJob; // as checked
  throw new UnrecoverableError('This is no job of Keybin');
}

/** The dashboard shows an entry as `account/key`, and so that is what comes of a job that is edited there. */
function parseName(entry: unknown): unknown {
  const name = typeof entry === 'string' ? readEntryName(entry) : undefined;
  return name === undefined ? entry : [name.userId, [name.key]];
}

function isJob(name: string, { entries, requests, userId, key, version, reason }: Record<string, unknown>): boolean {
  switch (name) {
    case 'apply':
      return isEntries(entries) && (requests === undefined || isTexts(requests));
    case 'erase':
      return typeof userId === 'string';
    case 'rejected':
      return (
        typeof userId === 'string' &&
        typeof key === 'string' &&
        Number.isSafeInteger(version) &&
        typeof reason === 'string'
      );
    default:
      return false;
  }
}

const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every((each) => typeof each === 'string');

const isEntries = (value: unknown): boolean =>
  Array.isArray(value) &&
  value.every((each) => Array.isArray(each) && each.length === 2 && typeof each[0] === 'string' && isTexts(each[1]));
