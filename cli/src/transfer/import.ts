import type { StoreWriter } from '@keybin/shared/ports/operations.js';
import { ExportChecker } from '@keybin/shared/transfer/export-checker.js';
import { readLines } from '@keybin/shared/transfer/read-lines.js';
import type { ChunkRecord, FileRecord, TransferRecord } from '@keybin/shared/ports/transfer-records.js';
import { Tally } from '@keybin/shared/transfer/tally.js';
import { CommandError, type Answer } from '../command/answer.js';
import type { Context } from '../command/context.js';
import { checkExport } from './check.js';
import { summary } from './export.js';
import { progressBar, type Progress } from './progress.js';
import type { ExportFile } from './spool.js';

const recordsPerBatch = 1_000;
const bytesPerBatch = 4 * 1024 * 1024;

export type ImportAnswer = Answer & {
  /** True if everything in the file is in the store. */
  readonly isComplete: boolean;
};

/**
 * Imports a complete export. The file is read twice, so nothing is imported if it has a bad line. A run that broke off
 * is repeated from the beginning. A record stays unchanged if the store has it already, or has a newer one.
 */
export async function importFile(
  writer: StoreWriter,
  file: ExportFile,
  context: Pick<Context, 'stderr' | 'cleanUpAtSignal'>,
): Promise<ImportAnswer> {
  const { end, gone, highestNumber, highestVersion, lines } = await checkExport(file);
  const { sha256 } = end;
  const lastNumber = await writer.begin(sha256, { number: highestNumber, version: highestVersion });
  const tally = new Tally();
  const progress = progressBar('Importing', lines, context);
  try {
    await importRecords({ writer, lastNumber, gone, tally, progress }, new Records(recordsIn(file, sha256)));
  } finally {
    progress.stop();
  }
  await writer.finish(sha256);
  return answerOf(tally);
}

interface Import {
  readonly writer: StoreWriter;
  readonly lastNumber: number;
  /** Accounts, and `user/file` for files, that were erased during the export. They are skipped. */
  readonly gone: ReadonlySet<string>;
  readonly tally: Tally;
  readonly progress: Progress;
}

async function importRecords({ writer, lastNumber, gone, tally, progress }: Import, records: Records): Promise<void> {
  let batch: TransferRecord[] = [];
  let bytes = 0;
  const flush = async () => {
    tally.add(await writer.write(batch.splice(0), lastNumber));
    bytes = 0;
    progress.to(records.taken);
  };
  for (let record = await records.take(); record; record = await records.take()) {
    if (!isGone(gone, record)) {
      if (record.type === 'file') {
        await flush();
        tally.add(await writer.writeFile(record, records.chunksOf(record)));
      } else if (record.type !== 'chunk' && record.type !== 'gone') {
        batch.push(record);
        bytes += 'json' in record ? record.json.length : 0;
      }
    }
    if (batch.length >= recordsPerBatch || bytes >= bytesPerBatch) await flush();
  }
  await flush();
}

function isGone(gone: ReadonlySet<string>, record: TransferRecord): boolean {
  const userId = record.type === 'account' ? record.account.userId : record.userId;
  return gone.has(userId) || (record.type === 'file' && gone.has(`${userId}/${record.file.id}`));
}

/** Records with one record of lookahead. */
class Records {
  taken = 0;
  #next: TransferRecord | undefined;

  constructor(private readonly records: AsyncIterator<TransferRecord, void>) {}

  async take(): Promise<TransferRecord | undefined> {
    const record = await this.#peek();
    this.#next = undefined;
    if (record) this.taken += 1;
    return record;
  }

  /** Returns the chunks that follow a file. */
  async *chunksOf({ file }: FileRecord): AsyncGenerator<ChunkRecord, void, undefined> {
    for (
      let record = await this.#peek();
      record?.type === 'chunk' && record.fileId === file.id;
      record = await this.#peek()
    ) {
      yield record;
      await this.take();
    }
  }

  async #peek(): Promise<TransferRecord | undefined> {
    this.#next ??= (await this.records.next()).value ?? undefined;
    return this.#next;
  }
}

/** Returns the records of a checked file. Throws a `CommandError` if the file has changed since the check. */
async function* recordsIn({ name, read }: ExportFile, sha256: string): AsyncGenerator<TransferRecord, void, undefined> {
  const checker = new ExportChecker();
  for await (const { lines } of readLines(read())) {
    for (const line of lines) {
      const record = checker.next(line);
      if (record) yield record;
    }
  }
  if (checker.end?.sha256 !== sha256) throw new CommandError(`${name} changed during the import: run the import again`);
}

function answerOf(tally: Tally): ImportAnswer {
  const { accounts, entries, posts, files, present, skipped, renumbered, conflicts } = tally;
  const json = { accounts, entries, posts, files, present, skipped, renumbered, conflicts };
  const lines = [
    `${summary(tally)} imported`,
    ...(present > 0 ? [`${present} unchanged: the store has them or newer ones`] : []),
    ...(renumbered > 0 ? [`${renumbered} accounts have a new number`] : []),
    ...(skipped > 0 ? [`${skipped} skipped: their accounts were not imported`] : []),
    ...conflicts.map(({ username, reason }) => `not imported: account '${username}': ${reason}`),
  ];
  return { json, text: lines.join('\n'), isComplete: conflicts.length === 0 && skipped === 0 };
}
