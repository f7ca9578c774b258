import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { databaseInUrl } from '@keybin/shared/config/mongodb-url.js';
import type { Context } from '../command/context.js';
import { withStoreReader, withStoreWriter } from '../command/with-store.js';
import { exportStore } from './export.js';
import { importFile } from './import.js';
import { migrate } from './migrate.js';
import { spoolExport } from './spool.js';
import { inNewFile, inStream } from './export-target.js';

export function exportCommand(context: Context): Command {
  const { config, stdout, stderr, cleanUpAtSignal, answer } = context;
  return new Command('export')
    .description('writes all data into a new file while the service runs; an interrupted export leaves no file')
    .argument('<file>', "path of the new file; '-' is standard output")
    .action(async (file: string) => {
      const toPipe = file === '-';
      const done = await withStoreReader(config(), async (reader) =>
        exportStore(reader, toPipe ? inStream(stdout) : await inNewFile(file, cleanUpAtSignal), context),
      );
      if (toPipe) answer(done, stderr);
      else answer(done);
    });
}

export function importCommand(context: Context): Command {
  const { config, stdin, answer, fail } = context;
  return new Command('import')
    .description('writes an export into the store, which may be empty or in use; run it again if it was interrupted')
    .argument('<file>', "a complete export; '-' is standard input")
    .action(async (file: string) => {
      const settings = config();
      const done = await spoolExport(file, stdin, (from) =>
        withStoreWriter(settings, (writer) => importFile(writer, from, context)),
      );
      answer(done);
      if (!done.isComplete) fail();
    });
}

export function migrateCommand(context: Context): Command {
  const { config, answer, fail } = context;
  return new Command('migrate')
    .description('copies the accounts and values of an original Keybin; run it again if it was interrupted')
    .option('--from <url>', 'MongoDB of the original: mongodb://HOST:PORT/')
    .option(
      '--from-file <path>',
      'file with that URL, for a URL with a password: other users can see the arguments of a process',
    )
    .option('--from-database <name>', 'database of the original (default: that of the URL, or [STORE] database)')
    .action(async (options: MigrateOptions, self: Command) => {
      const { from = urlIn(options.fromFile), fromDatabase } = options;
      if (from === undefined || (options.from !== undefined && options.fromFile !== undefined))
        self.error('error: use either --from or --from-file');
      const settings = config();
      const { database, usersCollection: users, storeCollection: store, tokenCollection: tokens } = settings.store;
      const place = {
        url: from,
        database: fromDatabase ?? (databaseInUrl(from) || database),
        names: { users, store, tokens },
      };
      const done = await migrate(settings, place, context);
      answer(done);
      if (!done.isComplete) fail();
    });
}

interface MigrateOptions {
  readonly from?: string;
  readonly fromFile?: string;
  readonly fromDatabase?: string;
}

const urlIn = (file?: string) => (file === undefined ? undefined : readFileSync(file, 'utf8').trim());
