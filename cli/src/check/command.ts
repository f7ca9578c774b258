import { Command } from 'commander';
import type { Context } from '../command/context.js';
import { withStoreReader } from '../command/with-store.js';
import { checkStore } from './check-store.js';

export function checkCommand(context: Context): Command {
  const { config, answer, fail } = context;
  return new Command('check')
    .description('reads the whole store while the service runs, and says whether it is sound')
    .action(async () => {
      const { isSound, ...said } = await withStoreReader(config(), (reader) => checkStore(reader, context));
      answer(said);
      if (!isSound) fail();
    });
}
