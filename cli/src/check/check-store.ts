import { isUnreachable, messageOf } from '@keybin/shared/errors.js';
import type { StoreReader } from '@keybin/shared/ports/operations.js';
import type { TransferRecord } from '@keybin/shared/ports/transfer-records.js';
import { ExportChecker } from '@keybin/shared/transfer/export-checker.js';
import { BadLine, parseLine, printRecord } from '@keybin/shared/transfer/export-format.js';
import type { Answer } from '../command/answer.js';
import type { Context } from '../command/context.js';
import { summary } from '../transfer/export.js';
import { progressBar } from '../transfer/progress.js';

/** The parts of a store that a check reads. */
type Source = Pick<StoreReader, 'size' | 'damagedParts' | 'records'>;

/** Number of problems after which a check ends. */
const mostProblems = 20;

/**
 * Reads everything in a store, as an export does. Checks each record as an import does, and files by their SHA-256. If
 * the store's own files are damaged, nothing else is read, because that could end the process.
 */
export async function checkStore(
  reader: Source,
  context: Pick<Context, 'stderr' | 'cleanUpAtSignal'>,
): Promise<Answer & { readonly isSound: boolean }> {
  const damaged = await reader.damagedParts();
  if (damaged.length > 0) return unsound(damaged);
  const progress = progressBar('Checking', await reader.size(), context);
  try {
    const { problems, counts } = await checkRecords(reader, (done) => progress.to(done));
    if (problems.length > 0) return unsound(problems);
    return { isSound: true, json: { sound: true, ...counts }, text: `The store is sound: ${summary(counts)}` };
  } finally {
    progress.stop();
  }
}

async function checkRecords(reader: Source, done: (records: number) => void) {
  const checker = new ExportChecker();
  const problems: string[] = [];
  let place = 'the beginning';
  const endFile = () => {
    if (!checker.endFile()) problems.push(`${place}: its bytes do not match its length and SHA-256`);
  };
  try {
    for await (const record of reader.records()) {
      if (record.type !== 'chunk' && record.type !== 'gone') endFile();
      if (problems.length >= mostProblems) return { problems, counts: checker.counts };
      place = placeOf(record);
      const line = printRecord(record);
      try {
        parseLine(line);
      } catch (error) {
        if (!(error instanceof BadLine)) throw error;
        problems.push(`${place}: ${error.message}`);
      }
      checker.add(Buffer.from(line), record);
      done(checker.lines);
    }
    endFile();
  } catch (error) {
    if (isUnreachable(error)) throw error;
    problems.push(`after ${place}: ${messageOf(error)}`);
  }
  return { problems, counts: checker.counts };
}

const unsound = (problems: readonly string[]) => ({
  isSound: false,
  json: { sound: false, problems },
  text: ['The store is damaged:', ...problems].join('\n'),
});

function placeOf(record: TransferRecord): string {
  switch (record.type) {
    case 'account':
      return `account ${record.account.userId}`;
    case 'entry':
      return `entry ${record.userId}/${record.key}`;
    case 'post':
      return `post ${record.userId}/${record.id}`;
    case 'file':
      return `file ${record.file.id}`;
    case 'chunk':
      return `file ${record.fileId}`;
    default:
      return `account ${record.userId}`;
  }
}
