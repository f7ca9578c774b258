import { empty } from '../../world/scale-out/staged.js';
import { setTimeout as delay } from 'node:timers/promises';
import { hasCode } from '@keybin/shared/errors.js';
import type { Account } from '@keybin/shared/ports/engine.js';
import type { Scheduler } from 'fast-check';
import { unexplained, type Operation } from '../../fault-run/checkers/register.js';
import type { TokenProcess } from '../../unit/scale-out/tokens/token-world.js';
import { Stage } from './stage.js';
import type { TokenCommand, TokenScenario } from './token-scenario.js';

/** Two API processes over the same servers. */
export type Processes = readonly [TokenProcess, TokenProcess];

/** Plays a scenario in the scheduler's order. Returns the broken promises, one per line. */
export async function playTokens(
  processes: Processes,
  scheduler: Scheduler,
  { isForgotten, actors, givenUpSteps, lifetimeSeconds }: TokenScenario,
): Promise<string[]> {
  const [one, other] = processes;
  const stage = new Stage(scheduler);
  const account = await one.register();
  const tokens = new Tokens(stage, account, lifetimeSeconds);
  if (givenUpSteps === 0) await tokens.perform(one, 'login');
  if (isForgotten) await empty(one.redis);

  for (const { gates } of processes) gates.before = (step) => stage.pass(step);
  try {
    if (givenUpSteps > 0) {
      stage.act(async () => {
        await one.login(account).catch(ignoreUnavailable);
      });
    }
    for (let step = 0; step < givenUpSteps; step++) await stage.playStep();
    actors.forEach((commands, index) => {
      stage.act(async () => {
        for (const command of commands) {
          if (isEvent(command)) await stage.pass(command);
          await tokens.perform(index % 2 === 0 ? other : one, command);
        }
      });
    });
    await stage.play();
  } finally {
    for (const { gates } of processes) gates.before = undefined;
  }
  await tokens.checkAll(processes);
  await empty(one.redis);
  await tokens.checkAll(processes);
  return unexplained(tokens.operations).map((operation) => `not explained: ${JSON.stringify(operation)}`);
}

/**
 * Returns true for events. They wait for a turn of their own; the commands of a process wait at each of their steps.
 */
const isEvent = (command: TokenCommand) => command === 'Redis forgets' || command === 'time passes';

/**
 * The tokens given to one client, and all operations on them. They are judged as a register that holds the live token.
 */
class Tokens {
  readonly operations: Operation[] = [];
  readonly #given: string[] = [];
  #firstGiven: number | undefined;

  constructor(
    private readonly stage: Stage,
    private readonly account: Account,
    private readonly lifetimeSeconds: number,
  ) {}

  async perform(process: TokenProcess, command: TokenCommand): Promise<void> {
    const fromMs = this.stage.now();
    switch (command) {
      case 'login': {
        const token = await process.login(this.account, 'default', this.lifetimeSeconds).catch(ignoreUnavailable);
        if (token === undefined) return;
        this.#given.push(token);
        this.#write(token, fromMs);
        this.#firstGiven ??= this.stage.now();
        return;
      }
      case 'check the first':
        return this.#check(process, this.#given[0]);
      case 'check the last':
        return this.#check(process, this.#given.at(-1));
      case 'log out':
        return this.#end(fromMs, () => process.tokens.revoke(this.#given[0] ?? ''));
      case 'unregister':
        return this.#end(fromMs, () => process.accounts.erase(this.account));
      case 'Redis forgets':
        await empty(process.redis);
        return;
      case 'time passes':
        await delay(this.lifetimeSeconds * 1_000);
        this.#write(undefined, this.#firstGiven ?? 0); // at some time since then
    }
  }

  async checkAll(processes: Processes): Promise<void> {
    for (const process of processes) {
      for (const token of this.#given) await this.#check(process, token);
    }
  }

  async #check(process: TokenProcess, token: string | undefined): Promise<void> {
    if (token === undefined) return;
    const fromMs = this.stage.now();
    const isLive = await process.accepts(token).catch(ignoreUnavailable);
    if (isLive === undefined) return;
    this.operations.push({ kind: 'read', content: token, isNot: !isLive, fromMs, toMs: this.stage.now() });
  }

  async #end(fromMs: number, end: () => Promise<void>): Promise<void> {
    const isDone = await end().then(() => true, ignoreUnavailable);
    this.#write(undefined, fromMs, isDone ? this.stage.now() : Infinity);
  }

  #write(content: string | undefined, fromMs: number, toMs = this.stage.now()): void {
    this.operations.push({ kind: 'write', content, fromMs, toMs });
  }
}

/** Ignores the error of a request that was refused, perhaps because another one had ended the token or account. */
function ignoreUnavailable(error: unknown): undefined {
  const codes = ['unavailable', 'invalid_token', 'expired_token', 'invalid_credentials'] as const;
  if (!codes.some((code) => hasCode(error, code))) throw error;
}
