import { Command } from 'commander';
import type { Context } from '../command/context.js';
import { withEngine, withStoreReader } from '../command/with-store.js';
import { disableUser, enableUser, eraseUser } from './disable-user.js';
import { listUsers } from './list.js';

/** Creates `keybin user ...`, which works on accounts. */
export function userCommand({ config, answer }: Context): Command {
  const command = new Command('user').description('lists, disables and erases accounts');
  command
    .command('list')
    .description('lists all accounts: name, number, creation date, and whether it is disabled')
    .action(async () => answer(await withStoreReader(config(), listUsers)));
  command
    .command('disable')
    .description('blocks all logins and revokes all tokens of an account at once; keeps its data and its name')
    .argument('<name>', 'name of the account')
    .action(async (name: string) => answer(await withEngine(config(), (engine) => disableUser(engine, name))));
  command
    .command('enable')
    .description('allows a disabled account to log in again; its earlier tokens stay revoked')
    .argument('<name>', 'name of the account')
    .action(async (name: string) => answer(await withEngine(config(), (engine) => enableUser(engine, name))));
  command
    .command('erase')
    .description('deletes an account and everything in it, as /unregister does')
    .argument('<name>', 'name of the account')
    .action(async (name: string) => answer(await withEngine(config(), (engine) => eraseUser(engine, name))));
  return command;
}
