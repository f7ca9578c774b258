import { Checker } from '@keybin/shared/transfer/checker.js';
import { BadLine } from '@keybin/shared/transfer/lines.js';
import { linesOf } from '@keybin/shared/transfer/read-lines.js';
import { CommandError } from '../answer.js';
import type { ExportFile } from './spool.js';

const mostProblems = 20;

/** Reads an export from beginning to end. Throws a `CommandError` that names the bad lines. */
export async function checkExport({
  name,
  read,
}: ExportFile): Promise<Checker & { readonly end: NonNullable<Checker['end']> }> {
  const checker = new Checker();
  const problems: string[] = [];
  let number = 0;
  for await (const { lines, rest } of linesOf(read())) {
    for (const line of lines) {
      number += 1;
      try {
        checker.next(line);
      } catch (error) {
        if (!(error instanceof BadLine)) throw error;
        problems.push(`line ${number}: ${error.message}`);
        if (problems.length === mostProblems) throw refused(name, [...problems, 'and maybe more']);
      }
    }
    if (rest.length > 0) problems.push(`line ${number + 1}: it is broken off`);
  }
  const { end } = checker;
  if (problems.length === 0 && !end) problems.push('the last line is missing: it is not complete');
  if (problems.length > 0 || !end) throw refused(name, problems);
  return Object.assign(checker, { end });
}

const refused = (name: string, problems: readonly string[]) =>
  new CommandError(`${name} is refused, nothing was imported: ${problems.join('; ')}`);
