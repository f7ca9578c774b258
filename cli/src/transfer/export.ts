import type { StoreReader } from '@keybin/shared/ports/operations.js';
import { ExportChecker } from '@keybin/shared/transfer/export-checker.js';
import { printEnd, printHead, printRecord, type Counts } from '@keybin/shared/transfer/export-format.js';
import type { Answer } from '../command/answer.js';
import type { Context } from '../command/context.js';
import { progressBar, type Progress } from './progress.js';
import type { ExportTarget } from './export-target.js';

/** The parts of a store that an export reads. */
export type Source = Pick<StoreReader, 'location' | 'size' | 'records'>;

/** Size of a write, in bytes. */
const blockBytes = 256 * 1024;

/**
 * Exports everything in the store and closes the target. The last line has the number of records and a checksum. An
 * export without it is incomplete.
 */
export async function exportStore(
  reader: Source,
  target: ExportTarget,
  context: Pick<Context, 'stderr' | 'cleanUpAtSignal'>,
): Promise<Answer> {
  try {
    const progress = progressBar('Exporting', await reader.size(), context);
    const { counts, sha256 } = await writeLines(reader, target, progress).finally(() => progress.stop());
    await target.finish();
    return { json: { ...counts, sha256 }, text: `${summary(counts)} exported, sha256 ${sha256}` };
  } finally {
    await target.close();
  }
}

export const summary = ({ accounts, entries, posts, files }: Counts) =>
  `${accounts} accounts, ${entries} entries, ${posts} posts and ${files} files`;

async function writeLines(reader: Source, target: ExportTarget, progress: Progress): Promise<ExportChecker> {
  const checker = new ExportChecker();
  const block: Buffer[] = [];
  let bytes = 0;
  const put = async (line: Buffer) => {
    block.push(line, lineFeed);
    bytes += line.length + 1;
    if (bytes < blockBytes) return;
    await target.write(Buffer.concat(block.splice(0)));
    bytes = 0;
    progress.to(checker.lines);
  };
  const head = Buffer.from(printHead(reader.location));
  checker.next(head);
  await put(head);
  for await (const record of reader.records()) {
    const line = Buffer.from(printRecord(record));
    checker.add(line, record);
    await put(line);
  }
  const { counts, sha256 } = checker;
  block.push(Buffer.from(`${printEnd({ counts, sha256 })}\n`));
  await target.write(Buffer.concat(block));
  return checker;
}

const lineFeed = Buffer.from('\n');
