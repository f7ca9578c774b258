import { Command } from 'commander';
import type { Context } from '../command/context.js';
import { withStoreReader } from '../command/with-store.js';
import { verifyErasure } from './verify.js';

export function verifyErasureCommand({ config, answer, fail }: Context): Command {
  return new Command('verify-erasure')
    .description('counts what is left of erased accounts with this name; exits with 0 if nothing is left')
    .argument('<name>', 'name of the erased account')
    .action(async (name: string) => {
      const { isClean, ...said } = await withStoreReader(config(), (reader) => verifyErasure(reader, name));
      answer(said);
      if (!isClean) fail();
    });
}
