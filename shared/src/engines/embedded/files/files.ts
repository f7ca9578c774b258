import { KeybinError } from '../../../errors.js';
import { afterAllFiles, newFileId } from '../../../ids/file-id.js';
import { firstUploadQuota } from '../../../uploads/upload-quota.js';
import type { InvariantObserver } from '../../../invariant.js';
import { startedInTime, LeasedUpload, type UploadTimes } from '../../../uploads/leased-upload.js';
import type { ByteRange, Files, NewFile, StoredFile, Upload } from '../../../ports/engine.js';
import type { TimeBudget } from '../../../time-budget.js';
import { findBearerIn } from '../tokens/bearers.js';
import type { Databases } from '../lmdb/databases.js';
import { FileUpload, type FileUploadParts } from './file-upload.js';
import type { SnapshotRead, Reads } from '../transactions/reads.js';
import { hashToken, type Bearer } from '../lmdb/records.js';

/** Size of a block; each upload has two in memory. */
const blockBytes = 512 * 1024;

/** Bytes that are read at once for a download. */
const windowBytes = 256 * 1024;

export interface FilesParts extends FileUploadParts {
  readonly databases: Databases;
  readonly reads: Reads;
  readonly fileLimitBytes: number;
  /** Called when there are bytes to remove. */
  readonly deleted: () => void;
  readonly times: UploadTimes & Pick<TimeBudget, 'answerMs'>;
  readonly observer?: InvariantObserver;
}

/** Keeps files: records in LMDB, bytes in the data directory. */
export function embeddedFiles({
  databases,
  reads,
  fileLimitBytes,
  deleted,
  times,
  observer,
  ...parts
}: FilesParts): Files {
  const { records, directory, writes } = parts;
  const findBearer = findBearerIn(databases);

  const findFile =
    (tokenHash: string, id: string): SnapshotRead<{ readonly bearer: Bearer; readonly file: StoredFile }> =>
    () => {
      const bearer = findBearer(tokenHash, Date.now());
      if (bearer instanceof KeybinError) return bearer;
      const file = records.find(bearer.number, id);
      return file instanceof KeybinError ? file : { bearer, file };
    };

  /** Reads a range window by window. Yields a window only while the file, and so its account, exists. */
  async function* readBytes(number: string, id: string, { start, end }: ByteRange): AsyncGenerator<Uint8Array> {
    const handle = await directory.open(id);
    try {
      for (let at = start; at < end;) {
        const window = Buffer.allocUnsafeSlow(Math.min(windowBytes, end - at));
        const [{ bytesRead }] = await Promise.all([
          directory.run(() => handle.read(window, 0, window.length, at)),
          reads.ask(() => records.findLive(number, id)),
        ]);
        if (bytesRead === 0) throw new Error(`file ${id} is shorter than recorded`);
        yield window.subarray(0, bytesRead);
        at += bytesRead;
      }
    } finally {
      await handle.close();
    }
  }

  async function begin(token: string, { atMostBytes, ...label }: NewFile): Promise<Upload> {
    const tokenHash = hashToken(token);
    const room = firstUploadQuota(atMostBytes, fileLimitBytes);
    const begun = await writes.apply(({ nowMs, version }) => {
      const bearer = findBearer(tokenHash, nowMs);
      if (bearer instanceof KeybinError) return bearer;
      const names = { number: bearer.number, id: newFileId(Number(version())) };
      const heldBytes = records.begin(names, room, nowMs);
      return heldBytes instanceof KeybinError ? heldBytes : { names, heldBytes };
    });
    const target = await FileUpload.create(parts, begun.names, label);
    return new LeasedUpload(
      target,
      { fileBytes: fileLimitBytes, blockBytes, heldBytes: begun.heldBytes },
      times,
      observer,
    );
  }

  return {
    begin: (token, file) => startedInTime(begin(token, file), times.answerMs),

    async open(token, id) {
      const { bearer, file } = await reads.ask(findFile(hashToken(token), id));
      return { userId: bearer.userId, file, read: (range) => readBytes(bearer.number, id, range) };
    },

    list(token, { limit, after = afterAllFiles }) {
      const tokenHash = hashToken(token);
      return reads.ask(() => {
        const bearer = findBearer(tokenHash, Date.now());
        if (bearer instanceof KeybinError) return bearer;
        const found = records.list(bearer.number, after, limit + 1); // one more tells whether there are more
        return { files: found.slice(0, limit), more: found.length > limit };
      });
    },

    async delete(token, id) {
      const tokenHash = hashToken(token);
      await writes.apply(({ nowMs }) => {
        const bearer = findBearer(tokenHash, nowMs);
        return bearer instanceof KeybinError ? bearer : records.delete(bearer.number, id);
      });
      deleted();
    },
  };
}
