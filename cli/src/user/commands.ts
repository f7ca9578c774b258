import { Command } from 'commander';
import type { Context } from '../context.js';
import { withEngine, withReader } from '../with-store.js';
import { disableUser, enableUser, eraseUser } from './change.js';
import { listUsers } from './list.js';

/** `keybin user ...`: the accounts. */
export function userCommand({ config, answer }: Context): Command {
  const command = new Command('user').description('the accounts');
  command
    .command('list')
    .description('all accounts: name, number, when it was opened, and whether it is disabled')
    .action(async () => answer(await withReader(config(), listUsers)));
  command
    .command('disable')
    .description('refuses every login and ends every token of an account, at once; its data and its name stay')
    .argument('<name>', 'of the account')
    .action(async (name: string) => answer(await withEngine(config(), (engine) => disableUser(engine, name))));
  command
    .command('enable')
    .description('lets a disabled account log in again; its earlier tokens stay dead')
    .argument('<name>', 'of the account')
    .action(async (name: string) => answer(await withEngine(config(), (engine) => enableUser(engine, name))));
  command
    .command('erase')
    .description('ends an account with all that is in it, as /unregister does')
    .argument('<name>', 'of the account')
    .action(async (name: string) => answer(await withEngine(config(), (engine) => eraseUser(engine, name))));
  return command;
}
