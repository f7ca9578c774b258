import { Command } from 'commander';
import type { Config } from '@keybin/shared/config/config.js';
import type { Answer } from '../command/answer.js';
import type { Context } from '../command/context.js';
import { withEngine } from '../command/with-store.js';

/** Creates `keybin prepare`, which a release step runs before the processes start. */
export function prepareCommand({ config, answer }: Context): Command {
  return new Command('prepare')
    .description('creates the store and its indexes, or says why the services cannot start; may be repeated')
    .action(async () => answer(await prepare(config())));
}

/** Opens the engine as a starting API does, so that no API has to wait for a new index. */
async function prepare(config: Config): Promise<Answer> {
  const { name, location } = await withEngine(config, async (engine) => engine);
  return { json: { engine: name, location }, text: `${location} (${name}) is ready` };
}
