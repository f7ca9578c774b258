import { LeasedUpload } from '../../../uploads/leased-upload.js';
import { quotaBytesOf } from '../../../uploads/upload-quota.js';
import type { Imported, StoreWriter } from '../../../ports/operations.js';
import { foldedName } from '../../../ids/folded-name.js';
import type { Account } from '../../../ports/engine.js';
import { fileLabel } from '../../../ports/file-label.js';
import type { TimeBudget } from '../../../time-budget.js';
import { chunkBytes, type ChunkRecord, type FileRecord, type TransferRecord } from '../../../ports/transfer-records.js';
import { writeChunks } from '../../../transfer/write-chunks.js';
import { nameTaken, Tally } from '../../../transfer/tally.js';
import type { EmbeddedConfig } from '../engine.js';
import { closeDatabases, openDatabases, type Databases } from '../lmdb/databases.js';
import { FileDirectory } from '../files/file-directory.js';
import { FileRecords } from '../files/file-records.js';
import { FileUpload } from '../files/file-upload.js';
import { parseLmdbUrl } from '../lmdb/lmdb-url.js';
import { importNoteKey, printAccount, printVersion, recordKey, versionOfRecord } from '../lmdb/records.js';
import { transactionsOf } from '../transactions/transactions.js';
import { EmbeddedGroupCommit } from '../transactions/group-commit.js';

/**
 * Opens the directory of `[STORE] host` for an import. Throws an error with a one-line message if it cannot be used.
 */
export async function openEmbeddedStoreWriter({
  app,
  store,
  times,
}: Pick<EmbeddedConfig, 'app' | 'store' | 'times'>): Promise<StoreWriter> {
  const directory = parseLmdbUrl(store.host);
  const shared = app.processes > 1;
  const databases = openDatabases(directory, shared, times);
  return new EmbeddedStoreWriter(
    databases,
    new EmbeddedGroupCommit(transactionsOf(databases, directory, !shared), { timeoutMs: times.bulkOperationMs }),
    directory,
    times,
  );
}

class EmbeddedStoreWriter implements StoreWriter {
  readonly #files: {
    readonly records: FileRecords;
    readonly directory: FileDirectory;
    readonly writes: EmbeddedGroupCommit;
  };
  #closed: Promise<void> | undefined;

  constructor(
    private readonly databases: Databases,
    private readonly writes: EmbeddedGroupCommit,
    directory: string,
    private readonly times: TimeBudget,
  ) {
    this.#files = {
      records: new FileRecords(databases, Infinity, times.uploadLeaseMs),
      directory: new FileDirectory(directory, times.diskMs),
      writes,
    };
  }

  begin(name: string, highest: { readonly number: number; readonly version: number }): Promise<number> {
    const { meta } = this.databases;
    return this.writes.apply(() => {
      const noted = Number(meta.get(importNoteKey(name)) ?? Number.NaN);
      if (Number.isSafeInteger(noted)) return noted;
      const lastNumber = Number(meta.get('number') ?? 0);
      void meta.put('number', String(Math.max(lastNumber, highest.number)));
      void meta.put('clock', String(Math.max(Number(meta.get('clock') ?? 0), highest.version)));
      void meta.put(importNoteKey(name), String(lastNumber));
      return lastNumber;
    });
  }

  write(records: readonly TransferRecord[], lastNumber: number): Promise<Imported> {
    return this.writes.apply(() => {
      const tally = new Tally();
      for (const record of records) this.#write(record, lastNumber, tally);
      return tally;
    });
  }

  async writeFile({ userId, file }: FileRecord, chunks: AsyncIterable<ChunkRecord>): Promise<Imported> {
    const { records, directory } = this.#files;
    const tally = new Tally();
    const number = await this.writes.apply(() => this.databases.users.get(userId));
    const names = { number: number ?? '', id: file.id };
    if (number === undefined) tally.skipped += 1;
    else if (await this.writes.apply(() => records.isFinished(names))) tally.present += 1;
    if (tally.skipped + tally.present > 0) return tally;
    await directory.remove(file.id); // left by an interrupted import
    const room = { neededBytes: quotaBytesOf(file.length), wantedBytes: quotaBytesOf(file.length) };
    const heldBytes = await this.writes.apply(({ nowMs }) => {
      records.forget(file.id);
      return records.begin(names, room, nowMs);
    });
    const target = await FileUpload.create(this.#files, names, fileLabel(file.name, file.contentType));
    const upload = new LeasedUpload(target, { fileBytes: Infinity, blockBytes: chunkBytes, heldBytes }, this.times);
    await writeChunks(upload, chunks, tally);
    return tally;
  }

  async finish(name: string): Promise<void> {
    await this.writes.apply(() => {
      void this.databases.meta.remove(importNoteKey(name));
      return undefined;
    });
  }

  close(): Promise<void> {
    this.#closed ??= this.writes.idle().then(() => closeDatabases(this.databases));
    return this.#closed;
  }

  #write(record: TransferRecord, lastNumber: number, tally: Tally): void {
    if (record.type === 'account') return this.#writeAccount(record.account, lastNumber, tally);
    if (record.type !== 'entry' && record.type !== 'post') return undefined;
    const { users, entries, posts } = this.databases;
    const number = users.get(record.userId);
    if (number === undefined) {
      tally.skipped += 1;
    } else if (record.type === 'entry') {
      const key = recordKey(number, record.key);
      const stored = entries.get(key);
      if (stored !== undefined && versionOfRecord(stored) >= record.version) {
        tally.present += 1;
        return undefined;
      }
      void entries.put(key, printVersion(record.version) + record.json);
      tally.entries += 1;
    } else if (posts.doesExist(recordKey(number, record.id))) {
      tally.present += 1;
    } else {
      void posts.put(recordKey(number, record.id), record.json);
      tally.posts += 1;
    }
    return undefined;
  }

  #writeAccount(account: Account, lastNumber: number, tally: Tally): void {
    const { accounts, users, numbers, foldedNames, meta } = this.databases;
    const { userId, username } = account;
    if (users.get(userId) !== undefined) {
      tally.present += 1;
      return;
    }
    if (accounts.get(username) !== undefined) {
      tally.conflicts.push({ username, reason: nameTaken });
      return;
    }
    let { number } = account;
    // A number that was given here before may be in a signed token
    if (number <= lastNumber || numbers.get(String(number)) !== undefined) {
      number = Number(meta.get('number') ?? 0) + 1;
      void meta.put('number', String(number));
      tally.renumbered += 1;
    }
    void accounts.put(username, printAccount({ ...account, number }));
    void users.put(userId, String(number));
    void numbers.put(String(number), username);
    void foldedNames.put(recordKey(foldedName(username), String(number)), '');
    tally.accounts += 1;
  }
}
