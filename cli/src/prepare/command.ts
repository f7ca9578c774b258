import type { Writable } from 'node:stream';
import { Command } from 'commander';
import { createLog, type Log } from '@keybin/shared/process/log.js';
import type { Answer } from '../command/answer.js';
import type { Context } from '../command/context.js';
import { oneLine } from '../command/one-line.js';
import { withEngine } from '../command/with-store.js';

/** Creates `keybin prepare`, which a release step runs before the processes start. */
export function prepareCommand(context: Context): Command {
  return new Command('prepare')
    .description(
      'waits for Redis and MongoDB, creates the store and its indexes, or says why the services cannot start; may be repeated',
    )
    .action(async () => context.answer(await prepare(context)));
}

/** Opens the engine as a starting API does, so that no API has to wait for a new index. */
async function prepare({ config, stderr, cleanUpAtSignal }: Context): Promise<Answer> {
  const opening = new AbortController();
  const release = cleanUpAtSignal(() => opening.abort());
  try {
    const options = { log: logTo(stderr), waiting: opening.signal };
    const { name, location } = await withEngine(config(), async (engine) => engine, options);
    return { json: { engine: name, location }, text: `${location} (${name}) is ready` };
  } finally {
    release();
  }
}

/** Returns a log that prints its messages as a command prints errors. */
function logTo(stderr: Writable): Log {
  const write = (line: string) => {
    const { msg } = JSON.parse(line) as { msg: string }; // each message of Keybin has a text
    stderr.write(`keybin: ${oneLine(msg)}\n`);
  };
  return createLog({ debug: false }, { write });
}
