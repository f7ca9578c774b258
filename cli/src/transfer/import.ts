import type { StoreWriter } from '@keybin/shared/operations.js';
import { Checker } from '@keybin/shared/transfer/checker.js';
import { linesOf } from '@keybin/shared/transfer/read-lines.js';
import type { ChunkRecord, FileRecord, TransferRecord } from '@keybin/shared/transfer/records.js';
import { Tally } from '@keybin/shared/transfer/tally.js';
import { CommandError, type Answer } from '../answer.js';
import type { Context } from '../context.js';
import { checkExport } from './check.js';
import { summary } from './export.js';
import { progressBar, type Progress } from './progress.js';
import type { ExportFile } from './spool.js';

const recordsPerBatch = 1_000;
const bytesPerBatch = 4 * 1024 * 1024;

export type ImportAnswer = Answer & {
  /** Everything that the file has is in the store. */
  readonly isComplete: boolean;
};

/**
 * Imports a complete export, which is read twice: nothing is imported of one that has a bad line. How far it has come is kept in the
 * store under the checksum of the export, so that a run that is broken off is gone on with by the next one.
 */
export async function importFile(
  writer: StoreWriter,
  file: ExportFile,
  again: boolean,
  context: Pick<Context, 'stderr' | 'signal'>,
): Promise<ImportAnswer> {
  const { end, gone, highestNumber, highestVersion, lines } = await checkExport(file);
  const { sha256 } = end;
  if (again) await writer.forget(sha256);
  const begun = await writer.begin(sha256, { number: highestNumber, version: highestVersion });
  const tally = new Tally();
  if (!begun.done) {
    const progress = progressBar('Importing', lines, context);
    try {
      await importLines({ writer, sha256, gone, tally, progress }, file, begun.line);
      await writer.finish(sha256);
    } finally {
      progress.stop();
    }
  }
  return answerOf(tally, begun.done, begun.line);
}

interface Import {
  readonly writer: StoreWriter;
  readonly sha256: string;
  /** Accounts, and `user/file` for files, that do not count. */
  readonly gone: ReadonlySet<string>;
  readonly tally: Tally;
  readonly progress: Progress;
}

interface Line {
  readonly number: number;
  readonly record: TransferRecord;
}

async function importLines(
  { writer, sha256, gone, tally, progress }: Import,
  file: ExportFile,
  done: number,
): Promise<void> {
  const lines = new Lines(recordsIn(file, sha256, done));
  let batch: TransferRecord[] = [];
  let bytes = 0;
  let number = done;
  const flush = async () => {
    tally.add(await writer.write(batch.splice(0), sha256, number));
    bytes = 0;
    progress.to(number);
  };
  for (let line = await lines.take(); line; line = await lines.take()) {
    const { record } = line;
    const isFile = record.type === 'file';
    if (!isGone(gone, record)) {
      if (isFile) {
        await flush();
        tally.add(await writer.writeFile(record, lines.chunksOf(record)));
      } else if (record.type !== 'chunk' && record.type !== 'gone') {
        batch.push(record);
        bytes += 'json' in record ? record.json.length : 0;
      }
    }
    number = lines.number;
    if (batch.length >= recordsPerBatch || bytes >= bytesPerBatch) await flush();
  }
  await flush();
}

function isGone(gone: ReadonlySet<string>, record: TransferRecord): boolean {
  const userId = record.type === 'account' ? record.account.userId : record.userId;
  return gone.has(userId) || (record.type === 'file' && gone.has(`${userId}/${record.file.id}`));
}

/** Lines of which the next one can be looked at. */
class Lines {
  /** Of the last line that was taken. */
  number = 0;
  #next: Line | undefined;

  constructor(private readonly lines: AsyncIterator<Line, void>) {}

  async take(): Promise<Line | undefined> {
    const line = await this.#peek();
    this.#next = undefined;
    if (line) this.number = line.number;
    return line;
  }

  /** Those that follow. */
  async *chunksOf({ file }: FileRecord): AsyncGenerator<ChunkRecord, void, undefined> {
    for (
      let line = await this.#peek();
      line?.record.type === 'chunk' && line.record.fileId === file.id;
      line = await this.#peek()
    ) {
      yield line.record;
      await this.take();
    }
  }

  async #peek(): Promise<Line | undefined> {
    this.#next ??= (await this.lines.next()).value ?? undefined;
    return this.#next;
  }
}

/** The records of a file that was checked, but for those up to line `done`. Throws a `CommandError` if it is not what was checked. */
async function* recordsIn(
  { name, read }: ExportFile,
  sha256: string,
  done: number,
): AsyncGenerator<Line, void, undefined> {
  const checker = new Checker();
  for await (const { lines } of linesOf(read())) {
    for (const line of lines) {
      const record = checker.next(line);
      if (record && checker.lines > done) yield { number: checker.lines, record };
    }
  }
  if (checker.end?.sha256 !== sha256) throw new CommandError(`${name} was changed while it was imported: run it again`);
}

function answerOf(tally: Tally, wasDone: boolean, fromLine: number): ImportAnswer {
  const { accounts, entries, posts, files, present, skipped, renumbered, conflicts } = tally;
  const json = {
    accounts,
    entries,
    posts,
    files,
    present,
    skipped,
    renumbered,
    conflicts,
    alreadyImported: wasDone,
    continued: !wasDone && fromLine > 0,
  };
  const lines = [
    wasDone
      ? 'It was imported before: nothing has changed. --again goes through it once more.'
      : `${summary(tally)} imported`,
    ...(present > 0 ? [`${present} were there already, or newer`] : []),
    ...(renumbered > 0 ? [`${renumbered} accounts have another number than before`] : []),
    ...(skipped > 0 ? [`${skipped} of accounts that were not imported`] : []),
    ...conflicts.map(({ username, reason }) => `not imported: account '${username}': ${reason}`),
  ];
  return { json, text: lines.join('\n'), isComplete: conflicts.length === 0 && skipped === 0 };
}
