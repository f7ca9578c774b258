import { Command, InvalidArgumentError } from 'commander';
import type { Context } from '../command/context.js';
import { adoptQueue } from './adopt.js';
import { pauseQueue, resumeQueue } from './pause.js';
import { rejectedWrites } from './rejected.js';
import { retryAll, retryWrites, type ShownWrite } from './retry.js';
import { queueStatus } from './status.js';
import { withQueue } from './with-queue.js';

const defaultLimit = 1_000;

/** Creates `keybin queue ...`, which works on acknowledged writes that are not yet in the store. */
export function queueCommand({ config, answer }: Context): Command {
  const command = new Command('queue').description('inspects and changes the queue of the scale-out engine');
  command
    .command('status')
    .description('shows pending writes, the age of the oldest, and jobs by state, for each partition')
    .action(async () => answer(await withQueue(config(), queueStatus)));
  command
    .command('rejected')
    .description('lists the writes that MongoDB rejected, each with its reason; they stay readable')
    .option('--limit <number>', 'how many to list', wholeNumber, defaultLimit)
    .action(async ({ limit }: { limit: number }) =>
      answer(await withQueue(config(), (queue) => rejectedWrites(queue, limit))),
    );
  command
    .command('retry')
    .description('applies rejected writes again; a newer write of the same key is never undone')
    .argument('[write...]', 'USER/KEY, as `queue rejected` shows it', shownWrites)
    .option('--all', 'retry all rejected writes')
    .action(async (writes: readonly ShownWrite[], { all = false }: { all?: boolean }, self: Command) => {
      if (all === writes.length > 0) self.error('error: name the writes to retry, or use --all');
      answer(await withQueue(config(), (queue) => (all ? retryAll(queue) : retryWrites(queue, writes))));
    });
  command
    .command('pause')
    .description('stops workers from taking jobs; writes are still accepted, and applied after [QUEUE] sweep_after')
    .action(async () => answer(await withQueue(config(), pauseQueue)));
  command
    .command('resume')
    .description('lets workers take jobs again')
    .action(async () => answer(await withQueue(config(), resumeQueue)));
  command
    .command('adopt')
    .description(
      'gives the configured store the queue of a store whose place it takes, with the writes that wait there',
    )
    .argument('<queue>', 'id of the queue, as `keybin doctor` shows it', queueIdIn)
    .action(async (queueId: string) => answer(await withQueue(config(), (queue) => adoptQueue(queue, queueId))));
  return command;
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It is not a whole number.');
  return Number(text);
}

function queueIdIn(text: string): string {
  if (!/^[0-9a-f]{8}$/.test(text)) throw new InvalidArgumentError('It is not the id of a queue: 8 digits and letters.');
  return text;
}

/** Adds an argument to those before it. */
function shownWrites(text: string, before: readonly ShownWrite[] = []): ShownWrite[] {
  const [, user, key] = /^(.+)\/([^/]+)$/.exec(text) ?? []; // a name may have slashes, a key has none
  if (user === undefined || key === undefined) throw new InvalidArgumentError('It is not USER/KEY.');
  return [...before, { user, key }];
}
