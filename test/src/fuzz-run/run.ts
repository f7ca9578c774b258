import { inspect } from 'node:util';
import { Random } from '../fault-run/random.js';
import { Actor } from './actor.js';
import { exchange, type Outcome } from './requests/exchange.js';
import { busy, isRejected, problemOf } from './judge.js';
import { memoryOf, type Memory } from './memory.js';
import { mutated } from './requests/mutations.js';
import { bytesOf, type FuzzRequest } from './requests/request.js';
import { StoreView } from './store-view.js';
import { refusedRoutes, routeNames, wholeRequest } from './requests/templates.js';
import { openWorld, type EngineName, type FuzzWorld } from './world.js';

export interface FuzzOptions {
  readonly engine: EngineName;
  readonly requests: number;
  readonly seed: number;
  /** `KEYBIN_*` settings, in addition to those of every run. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface FuzzResult extends FuzzOptions {
  readonly seconds: number;
  /** Number of answers by status. Status 0 counts connections that ended without an answer. */
  readonly statuses: ReadonlyMap<number, number>;
  /** Number of rejected requests that were sent again between two views of the store. */
  readonly compared: number;
  readonly problems: readonly string[];
  /** Memory of each process after the first tenth of the requests, and after the last. */
  readonly memory: Readonly<Record<string, readonly Memory[]>>;
}

/** Number of requests sent before counting begins, so that code is compiled and buffers are allocated. */
const warmUpRequests = 1_000;
const atOnce = 16;
const perSegment = 100;
/** Share of unchanged requests among those sent for the first time. */
const wholeShare = 0.25;
const memoryBound = 1.1;
const mostBusyShare = 0.01;
const mostProblems = 50;
/** Number of last lines shown of each process when the run is aborted. */
const linesPrinted = 30;
/** Most attempts to find requests that are all rejected. */
const mostAttempts = 4;

/**
 * Sends valid and changed requests over all routes. In each segment the rejected ones are sent again, with a view of
 * the store before and after. If all are rejected again, both views must be equal.
 */
export async function runFuzz(options: FuzzOptions): Promise<FuzzResult> {
  const world = await openWorld(options.engine, options.settings);
  const run = new Run(world, new Random(options.seed));
  const startedMs = performance.now();
  let isBrokenOff = false;
  try {
    await run.segments(warmUpRequests);
    run.begin();
    const tenth = Math.ceil(options.requests / 10);
    await run.segments(tenth);
    await run.noteMemory();
    await run.segments(options.requests - tenth);
    await run.noteMemory();
    run.judgeEnd();
  } catch (error) {
    run.problems.push(`the run was broken off: ${inspect(error)}`);
    isBrokenOff = true;
  } finally {
    await world.close().catch((error: unknown) => run.problems.push(String(error)));
  }
  const seconds = (performance.now() - startedMs) / 1_000;
  run.judgeLog(world.output());
  if (isBrokenOff) run.problems.push(...lastPrinted(world));
  const { statuses, compared, problems, memory } = run;
  return { ...options, seconds, statuses, compared, problems, memory };
}

class Run {
  statuses = new Map<number, number>();
  compared = 0;
  readonly problems: string[] = [];
  readonly #served = new Set<string>();
  readonly #actors: readonly Actor[];
  readonly #view: StoreView;
  readonly memory: Record<string, Memory[]> = {};
  #sent = 0;

  constructor(
    private readonly world: FuzzWorld,
    private readonly random: Random,
  ) {
    this.#actors = ['ada', 'bob', 'cy'].map((name) => new Actor(world.url, name));
    this.#view = new StoreView(world.url, this.#actors);
  }

  /** Resets the counts. */
  begin(): void {
    this.statuses = new Map();
    this.compared = 0;
    this.#sent = 0;
  }

  async segments(requests: number): Promise<void> {
    const until = this.#sent + requests;
    while (this.#sent < until && this.problems.length < mostProblems) {
      await this.#renewActors();
      const fresh = Array.from({ length: Math.min(perSegment, until - this.#sent) }, () => this.#request());
      const outcomes = await this.#sendAll(fresh);
      const rejected = fresh.filter((_request, index) => isRejected(outcomes[index] ?? nothing));
      await this.#compare(rejected);
    }
  }

  /**
   * Restores all actors. Throws only after all have finished, so that none sends requests after the world is closed.
   */
  async #renewActors(): Promise<void> {
    const renewed = await Promise.allSettled(this.#actors.map((actor) => actor.renew()));
    for (const one of renewed) if (one.status === 'rejected') throw one.reason;
  }

  #request(): FuzzRequest {
    const whole = wholeRequest(this.random.pick(routeNames), this.random.pick(this.#actors), this.random);
    return this.random.next() < wholeShare ? whole : mutated(whole, this.random);
  }

  /**
   * Sends the rejected requests again and compares the store. A request may depend on others, so those that now succeed
   * are left out of the next attempt.
   */
  async #compare(rejected: readonly FuzzRequest[]): Promise<void> {
    let left = rejected;
    for (let attempt = 0; attempt < mostAttempts && left.length > 0; attempt++) {
      const before = await this.#view.text();
      const outcomes = await this.#sendAll(left);
      const still = left.filter((_request, index) => isRejected(outcomes[index] ?? nothing));
      if (still.length < left.length) {
        left = still;
        continue;
      }
      this.compared += left.length;
      const after = await this.#view.text();
      if (before !== after) this.problems.push(changedStore(left, before, after));
      return;
    }
  }

  async #sendAll(requests: readonly FuzzRequest[]): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    let next = 0;
    const client = async () => {
      while (next < requests.length) {
        const index = next++;
        const request = requests[index];
        if (request) outcomes[index] = await this.#send(request);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, client));
    return outcomes;
  }

  async #send(request: FuzzRequest): Promise<Outcome> {
    const outcome = await exchange(this.world.port, bytesOf(request), request.isHttp);
    this.#sent += 1;
    for (const status of outcome.statuses.length > 0 ? outcome.statuses : [0]) {
      this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
    }
    const problem = problemOf(request, outcome);
    if (problem) this.problems.push(`${problem}: ${shown(request)}\n  ${outcome.text.slice(0, 300)}`);
    if (request.isWhole && outcome.statuses.some((status) => status < 400)) this.#served.add(request.route);
    return outcome;
  }

  async noteMemory(): Promise<void> {
    for (const [name, child] of Object.entries(this.world.processes)) {
      if (child.alive) (this.memory[name] ??= []).push(await memoryOf(child));
    }
  }

  /** Judges the results that are known only after all requests. */
  judgeEnd(): void {
    for (const [name, [first, last]] of Object.entries(this.memory)) {
      const growth = (last?.live ?? Infinity) / (first?.live ?? 0);
      if (!(growth <= memoryBound)) this.problems.push(`the ${name} has ended, or its memory has grown: ${growth}`);
    }
    const never = routeNames.filter((route) => !this.#served.has(route) && !refusedRoutes.has(route));
    if (never.length > 0) this.problems.push(`never served: ${never.join(', ')}`);
    const refused = this.statuses.get(busy) ?? 0;
    if (refused > this.#sent * mostBusyShare) this.problems.push(`${refused} requests were answered ${busy}`);
    if (this.compared === 0) this.problems.push('no rejected request was compared');
  }

  judgeLog(output: string): void {
    const errors = output.split('\n').filter((line) => /"level":(50|60)/.test(line));
    if (errors.length > 0) this.problems.push(`the log has ${errors.length} errors, such as ${errors[0]}`);
  }
}

const nothing: Outcome = { statuses: [], text: '', hung: false };

function lastPrinted({ processes }: FuzzWorld): string[] {
  return Object.entries(processes).map(([name, child]) => `the ${name} has printed:\n${child.lastLines(linesPrinted)}`);
}

const shown = (request: FuzzRequest) => JSON.stringify(bytesOf(request).toString('latin1').slice(0, 600));

function changedStore(rejected: readonly FuzzRequest[], before: string, after: string): string {
  const [left, right] = [before.split('\n'), after.split('\n')];
  const at = left.findIndex((line, index) => line !== right[index]);
  const difference = `- ${left[at]}\n+ ${right[at]}`;
  return `rejected requests changed the store:\n${difference}\n${rejected.map(shown).join('\n')}`;
}
