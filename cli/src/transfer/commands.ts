import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import type { Context } from '../context.js';
import { withReader, withWriter } from '../with-store.js';
import { exportStore } from './export.js';
import { importFile } from './import.js';
import { migrate } from './migrate.js';
import { spooled } from './spool.js';
import { inFile, inStream } from './target.js';

export function exportCommand(context: Context): Command {
  const { config, stdout, stderr, answer } = context;
  return new Command('export')
    .description(
      'writes everything into a file, which a later run goes on with if it is broken off; the service may run',
    )
    .argument('<file>', "that is not there yet, or is incomplete; '-' is standard output")
    .action(async (file: string) => {
      const toPipe = file === '-';
      const done = await withReader(config(), (reader) =>
        exportStore(reader, toPipe ? inStream(stdout) : inFile(file), context),
      );
      if (toPipe) answer(done, stderr);
      else answer(done);
    });
}

export function importCommand(context: Context): Command {
  const { config, stdin, answer, fail } = context;
  return new Command('import')
    .description(
      'takes an export into the store, which may be empty or in use; a later run goes on if it is broken off',
    )
    .argument('<file>', "a complete export; '-' is standard input")
    .option('--again', 'go through an export that was imported before: newer values stay, deleted ones may come back')
    .action(async (file: string, { again = false }: { again?: boolean }) => {
      const settings = config();
      const done = await spooled(file, stdin, (from) =>
        withWriter(settings, (writer) => importFile(writer, from, again, context)),
      );
      answer(done);
      if (!done.isComplete) fail();
    });
}

export function migrateCommand(context: Context): Command {
  const { config, answer, fail } = context;
  return new Command('migrate')
    .description('copies the accounts and values of an original Keybin; running it twice changes nothing')
    .option('--from <url>', 'MongoDB of the original: mongodb://HOST:PORT/')
    .option(
      '--from-file <path>',
      'file with that URL, for a URL with a password: other users can see the arguments of a process',
    )
    .option('--from-database <name>', 'database of the original (default: that of the URL, or [STORE] database)')
    .action(async (options: MigrateOptions, self: Command) => {
      const { from = urlIn(options.fromFile), fromDatabase } = options;
      if (from === undefined || (options.from !== undefined && options.fromFile !== undefined))
        self.error('error: give the original by --from or by --from-file');
      const settings = config();
      const { database, usersCollection: users, storeCollection: store, tokenCollection: tokens } = settings.store;
      const place = {
        url: from,
        database: fromDatabase ?? (databaseIn(from) || database),
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

/** The path of a MongoDB URL. */
const databaseIn = (url: string) => /^mongodb(?:\+srv)?:\/\/[^/]+\/([^?]*)/.exec(url)?.[1] ?? '';
