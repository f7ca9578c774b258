import { Command } from 'commander';
import type { Config } from '@keybin/shared/config/config.js';
import { openEngine } from '@keybin/shared/engines/open-engine.js';
import { silentLog } from '@keybin/shared/process/log.js';
import type { Answer } from '../command/answer.js';
import type { Context } from '../command/context.js';

/** Creates `keybin prepare`, which a release step runs before the processes start. */
export function prepareCommand({ config, answer }: Context): Command {
  return new Command('prepare')
    .description('creates the store and its indexes, or says why the services cannot start; may be repeated')
    .action(async () => answer(await prepare(config())));
}

/** Opens the engine as a starting API does, so that no API has to wait for a new index. */
async function prepare(config: Config): Promise<Answer> {
  const engine = await openEngine(config, silentLog());
  await engine.close();
  const { name, location } = engine;
  return { json: { engine: name, location }, text: `${location} (${name}) is ready` };
}
