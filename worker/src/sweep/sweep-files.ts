import type { Database } from '@keybin/shared/engines/scale-out/mongodb/database.js';
import { chunksOf } from '@keybin/shared/engines/scale-out/files/file-chunks.js';
import type { DueFile, FileDocuments } from '@keybin/shared/engines/scale-out/files/file-documents.js';
import { chunksAtOnce, deleteDocuments } from './delete-documents.js';
import { nextPass, type PassTimes } from './repeat-erasures.js';

const filesPerSweep = 100;

export interface FileSweepParts {
  readonly documents: Pick<FileDocuments, 'due' | 'lapse' | 'passed' | 'forget'>;
  readonly chunks: Database['chunks'];
  readonly times: PassTimes;
}

/**
 * Removes the bytes of deleted files, and of broken uploads once their lease has expired. An upload whose last writes
 * are unknown gets as many passes as an erased account. A chunk whose write was given up can reach MongoDB late. `now`
 * is Redis's time.
 */
export async function sweepFiles(now: Date, parts: FileSweepParts): Promise<void> {
  const { documents } = parts;
  for (const { _id: id, metadata } of await documents.due(now, filesPerSweep)) {
    if (metadata.state === 'uploading') await documents.lapse(id, now);
    else await pass({ _id: id, metadata }, now, parts);
  }
}

async function pass({ _id, metadata }: DueFile, now: Date, parts: FileSweepParts): Promise<void> {
  const { documents, chunks, times } = parts;
  await deleteDocuments(chunks, chunksOf(metadata.user_id, _id.toHexString()), chunksAtOnce);
  const next = nextPass({ passes: metadata.passes ?? 0, ends_at: metadata.ends_at ?? now }, now, times);
  if (next) await documents.passed(_id, next);
  else await documents.forget(_id);
}
