import { ExportChecker } from '@keybin/shared/transfer/export-checker.js';
import { BadLine } from '@keybin/shared/transfer/export-format.js';
import { readLines } from '@keybin/shared/transfer/read-lines.js';
import { CommandError } from '../command/answer.js';
import type { ExportFile } from './spool.js';

const mostProblems = 20;

/** Reads an export from beginning to end. Throws a `CommandError` that names the bad lines. */
export async function checkExport({
  name,
  read,
}: ExportFile): Promise<ExportChecker & { readonly end: NonNullable<ExportChecker['end']> }> {
  const checker = new ExportChecker();
  const problems: string[] = [];
  let number = 0;
  for await (const { lines, rest } of readLines(read())) {
    for (const line of lines) {
      number += 1;
      try {
        checker.next(line);
      } catch (error) {
        if (!(error instanceof BadLine)) throw error;
        problems.push(`line ${number}: ${error.message}`);
        if (problems.length === mostProblems) throw refused(name, [...problems, 'and possibly more']);
      }
    }
    if (rest.length > 0) problems.push(`line ${number + 1}: it is cut off`);
  }
  const { end } = checker;
  if (problems.length === 0 && !end) problems.push('the last line is missing: the export is incomplete');
  if (problems.length > 0 || !end) throw refused(name, problems);
  return Object.assign(checker, { end });
}

const refused = (name: string, problems: readonly string[]) =>
  new CommandError(`${name} is not valid, nothing was imported: ${problems.join('; ')}`);
