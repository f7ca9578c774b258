import { Command } from 'commander';
import type { Context } from '../context.js';
import { withReader, withWriter } from '../with-store.js';
import { exportStore } from './export.js';
import { importFile } from './import.js';
import { spooled } from './spool.js';
import { inFile, onStandardOutput } from './target.js';

export function exportCommand({ config, answer }: Context): Command {
  return new Command('export')
    .description(
      'writes everything into a file, which a later run goes on with if it is broken off; the service may run',
    )
    .argument('<file>', "that is not there yet, or is incomplete; '-' is standard output")
    .action(async (file: string) => {
      const toPipe = file === '-';
      const done = await withReader(config(), (reader) =>
        exportStore(reader, toPipe ? onStandardOutput() : inFile(file)),
      );
      answer(done, toPipe ? process.stderr : process.stdout);
    });
}

export function importCommand({ config, answer, fail }: Context): Command {
  return new Command('import')
    .description(
      'takes an export into the store, which may be empty or in use; a later run goes on if it is broken off',
    )
    .argument('<file>', "a complete export; '-' is standard input")
    .option('--again', 'go through an export that was imported before: newer values stay, deleted ones may come back')
    .action(async (file: string, { again = false }: { again?: boolean }) => {
      const settings = config();
      const done = await spooled(file, (from) => withWriter(settings, (writer) => importFile(writer, from, again)));
      answer(done);
      if (!done.isComplete) fail();
    });
}
