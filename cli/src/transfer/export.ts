import type { StoreReader } from '@keybin/shared/operations.js';
import type { Checker } from '@keybin/shared/transfer/checker.js';
import { printEnd, printHead, printRecord, type Counts } from '@keybin/shared/transfer/lines.js';
import { CommandError, type Answer } from '../answer.js';
import type { Context } from '../context.js';
import { progressBar, type Progress } from './progress.js';
import type { Target } from './target.js';

/** What is exported. */
export type Source = Pick<StoreReader, 'location' | 'size' | 'records'>;

/** Written at once. */
const blockBytes = 256 * 1024;

/**
 * Exports all that the store holds. What the target has of an earlier run stays, and the export goes on behind it. It ends with the
 * number of its lines and their checksum, without which it is not complete.
 */
export async function exportStore(
  reader: Source,
  target: Target,
  context: Pick<Context, 'stderr' | 'signal'>,
): Promise<Answer> {
  let progress: Progress | undefined;
  try {
    const checker = await target.begin();
    const bar = progressBar('Exporting', Math.max(await reader.size(), checker.lines), context);
    progress = bar;
    const lines = checker.lines;
    await writeRecords(reader, target, checker, (done) => bar.to(done));
    const { counts, sha256 } = checker;
    await target.write(Buffer.from(`${printEnd({ counts, sha256 })}\n`));
    await target.finish();
    const json = { ...counts, sha256, continued: lines > 0 };
    return {
      json,
      text: `${summary(counts)} exported, ${lines > 0 ? 'going on with an earlier run, ' : ''}sha256 ${sha256}`,
    };
  } finally {
    progress?.stop();
    await target.close();
  }
}

export const summary = ({ accounts, entries, posts, files }: Counts) =>
  `${accounts} accounts, ${entries} entries, ${posts} posts and ${files} files`;

async function writeRecords(
  reader: Source,
  target: Target,
  checker: Checker,
  progress: (done: number) => void,
): Promise<void> {
  let block: Buffer[] = [];
  let bytes = 0;
  const put = async (line: Buffer) => {
    block.push(line, lineFeed);
    bytes += line.length + 1;
    if (bytes < blockBytes) return;
    await target.write(Buffer.concat(block.splice(0)));
    bytes = 0;
    progress(checker.lines);
  };
  if (checker.lines === 0) {
    const head = Buffer.from(printHead(reader.location));
    checker.next(head);
    await put(head);
  }
  if (checker.source !== reader.location) {
    throw new CommandError(`the file was begun from ${checker.source}, and this is ${reader.location}`);
  }
  for await (const record of reader.records(checker.cursor)) {
    const line = Buffer.from(printRecord(record));
    checker.add(line, record);
    await put(line);
  }
  await target.write(Buffer.concat(block));
}

const lineFeed = Buffer.from('\n');
