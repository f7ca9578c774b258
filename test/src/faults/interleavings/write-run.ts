import type { ScaleOutEntries } from '@keybin/shared/engines/scale-out/entries/entries.js';
import { hasCode } from '@keybin/shared/errors.js';
import type { Scheduler } from 'fast-check';
import { unexplained, type Operation } from '../../fault-run/checkers/register.js';
import type { Partition } from '../../unit/worker/partition.js';
import { Stage } from './stage.js';
import type { Command, Scenario } from './write-scenario.js';
import type { WriteVariant } from './write-variants.js';
import { atOnce, WriteWorld } from './write-world.js';
import { allKeys } from '../../world/all-keys.js';

const key = 'k';

/** Plays a scenario in the scheduler's order. Returns the broken promises, one per line. */
export async function playWrites(
  partition: Partition,
  scheduler: Scheduler,
  variant: WriteVariant,
  scenario: Scenario,
): Promise<string[]> {
  const stage = new Stage(scheduler);
  const world = await WriteWorld.open(partition, stage, variant, scenario.events.includes('Redis is lost'));
  const { userId } = world.user;
  const operations: Operation[] = [];
  const wrong: string[] = [];
  let goneSince = Infinity;
  let lostAt = -Infinity;
  let values = 0;

  if (scenario.before !== 'nothing') {
    const first = await perform(world.entries(0, atOnce), 'put', '"0"', stage);
    if (first) operations.push(first);
    if (scenario.before === 'stored') await world.worker(atOnce).apply([[userId, [key]]]);
  }
  scenario.clients.forEach((commands, index) => {
    stage.act(async () => {
      const entries = world.entries(index % 2 === 0 ? 0 : 1);
      for (const command of commands) {
        const done = await perform(entries, command, `"${++values}"`, stage);
        if (done && done.fromMs > goneSince) wrong.push(`${command} was served after the end of the account`);
        if (done?.kind === 'write' && done.toMs !== Infinity && done.toMs > goneSince) {
          // Accepting is the last step before the answer
          wrong.push(`${command} was accepted after the end of the account`);
        }
        if (done) operations.push(done);
      }
    });
  });
  for (const rounds of scenario.workers) {
    stage.act(async () => {
      const worker = world.worker();
      for (let round = 0; round < rounds; round++) await worker.apply([[userId, [key]]]);
    });
  }
  for (const event of scenario.events) {
    stage.act(async () => {
      await world.happen(event);
      if (event === 'Redis is lost') lostAt = stage.now();
    });
  }
  if (scenario.unregisters) {
    stage.act(async () => {
      const fromMs = stage.now();
      await world.unregister();
      goneSince = stage.now();
      operations.push({ kind: 'write', content: undefined, fromMs, toMs: goneSince });
      await world.erase();
    });
  }
  await stage.play();

  await world.comeToRest();
  wrong.push(...(await world.leftovers()));
  if (!scenario.unregisters) {
    for (const process of [0, 1] as const) {
      const last = await perform(world.entries(process, atOnce), 'get', '', stage);
      if (last) operations.push(last);
    }
  }
  const judged = unexplained(withoutLosses(operations, lostAt));
  return [...wrong, ...judged.map((operation) => `not explained: ${JSON.stringify(operation)}`)];
}

/** Runs a command and returns the operation that was observed. Returns undefined for a refused one. */
async function perform(
  entries: ScaleOutEntries,
  command: Command,
  value: string,
  stage: Stage,
): Promise<Operation | undefined> {
  const fromMs = stage.now();
  const answer = await answerOf(entries, command, value);
  const toMs = stage.now();
  if (answer === 'refused') return undefined;
  const isWrite = command === 'put' || (command === 'delete' && answer !== 'not found');
  if (isWrite) {
    const content = command === 'put' ? value : undefined;
    const found = command === 'delete' && answer !== 'unknown';
    return { kind: 'write', content, found, fromMs, toMs: answer === 'unknown' ? Infinity : toMs };
  }
  if (answer === 'unknown') return undefined;
  if (Array.isArray(answer)) return { kind: 'listing', listed: answer.includes(key), fromMs, toMs };
  return { kind: 'read', content: answer === 'not found' ? undefined : answer, fromMs, toMs };
}

async function answerOf(entries: ScaleOutEntries, command: Command, value: string): Promise<string | string[]> {
  const served = {
    put: async () => entries.put('token', key, value).then(() => 'done'),
    delete: async () => entries.delete('token', key).then(() => 'done'),
    get: async () => entries.get('token', key),
    list: async () => allKeys(entries, 'token'),
  };
  try {
    return await served[command]();
  } catch (error) {
    if (hasCode(error, 'key_not_found')) return 'not found';
    if (hasCode(error, 'invalid_token')) return 'refused';
    if (hasCode(error, 'unavailable')) return 'unknown';
    throw error;
  }
}

/** Removes the writes that Redis lost: acknowledged before the loss, not yet in MongoDB, and seen by no read since. */
function withoutLosses(operations: readonly Operation[], lostAt: number): Operation[] {
  const seen = new Set(operations.flatMap((operation) => (operation.kind === 'read' ? [operation.content] : [])));
  return operations.filter((operation) => {
    const isOlder = operation.kind === 'write' && operation.toMs < lostAt;
    return !isOlder || seen.has(operation.content);
  });
}
