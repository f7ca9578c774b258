import { setTimeout as delay } from 'node:timers/promises';
import { ms, type History } from './checkers/history.js';
import type { Random } from './random.js';
import type { Target } from './targets/target.js';
import type { World } from './world.js';

/** A fault that hits one or more processes at the same time. */
export interface Fault {
  readonly manner: 'kill -9' | 'kill -9 of a child' | 'hang' | 'SIGTERM' | 'cut' | 'failover' | 'older copy';
  /** Name for the report, such as `API and worker`. */
  readonly what: string;
  /** Lists of targets. One target of each list is hit. A cut has two: packets between their hosts are lost. */
  readonly among: readonly (readonly Target[])[];
  /**
   * Injects a fault that needs more than its targets. Resolves with a description for the log, or with `undefined` if
   * the fault was not possible.
   */
  readonly inject?: () => Promise<string | undefined>;
}

/** Range of the duration of a hang or a cut, in ms. */
const hangMs = [1_000, 4_000] as const;
/** Range of the time before a killed or terminated process is started again, in ms. */
const awayMs = [0, 1_500] as const;
/** Range of the pause between faults, in ms, once everything runs again. */
const restMs = [200, 1_500] as const;

/** Numbers of faults by kind, and of faults during a write: in flight to the API that was hit, or else to any API. */
export class FaultCounts {
  readonly byKind = new Map<string, number>();
  /** Kinds that need more than their targets, and have not happened yet. */
  readonly absent = new Set<string>();
  total = 0;
  duringWrite = 0;
  /** Faults with their targets and times, in the time of the run's clock, one per line. */
  readonly log: string[] = [];
}

/**
 * Injects faults one after the other until `isEnough` says so of the counts up to now. All kinds are equally frequent.
 * Those that need more than their targets come first, so that a short run has them, too.
 */
export async function injectFaults(
  world: Pick<World, 'faults' | 'network' | 'whole'>,
  history: History,
  random: Random,
  isEnough: (counts: FaultCounts) => boolean,
): Promise<FaultCounts> {
  const counts = new FaultCounts();
  const own = world.faults.filter(({ inject }) => inject);
  const usual = world.faults.filter(({ inject }) => !inject);
  for (const fault of own) counts.absent.add(kindOf(fault));
  let round: Fault[] = [];
  for (;;) {
    await delay(random.between(...restMs));
    if (isEnough(counts)) return counts;
    if (round.length === 0) round = [...random.shuffled(usual), ...random.shuffled(own)];
    const fault = round.pop();
    if (!fault) throw new Error('There are no faults to inject');
    const targets = fault.among.map((list) => random.pick(list));
    const hitsWrite = isWriteInFlight(targets, history);
    const fromMs = performance.now();
    const names = await strike(fault, targets, random, world);
    await world.whole();
    if (!names) continue;
    count(counts, kindOf(fault), hitsWrite);
    counts.log.push(`${fault.manner} of ${names.join(', ')}: ${ms(fromMs)} to ${ms(performance.now())}`);
  }
}

const kindOf = ({ manner, what }: Fault) => `${manner} of ${what}`;

/** Returns true if a write is in flight to the APIs among the targets, or to any API if others are hit. */
function isWriteInFlight(targets: readonly Target[], history: History): boolean {
  const urls = targets.flatMap(({ url }) => url ?? []);
  const areApis = targets.length > 0 && urls.length === targets.length;
  return history.writesInFlight(areApis ? urls : undefined) > 0;
}

function count(counts: FaultCounts, kind: string, hitsWrite: boolean): void {
  counts.byKind.set(kind, (counts.byKind.get(kind) ?? 0) + 1);
  counts.absent.delete(kind);
  counts.total++;
  if (hitsWrite) counts.duringWrite++;
}

/** Injects a fault. Returns a description for each target, or `undefined` if the fault was not possible. */
async function strike(
  { manner, inject }: Fault,
  targets: readonly Target[],
  random: Random,
  { network }: Pick<World, 'network'>,
): Promise<string[] | undefined> {
  if (inject) {
    const injected = await inject();
    return injected === undefined ? undefined : [injected];
  }
  if (manner === 'hang') return Promise.all(targets.map((target) => hang(target, random.between(...hangMs))));
  const names = targets.map(({ name }) => name);
  if (manner === 'cut') return [await cut(targets, random.between(...hangMs), network)];
  if (manner === 'kill -9 of a child') {
    for (const target of targets) target.killChild(random);
    return names;
  }
  await Promise.all(targets.map((target) => (manner === 'kill -9' ? target.kill() : target.terminate())));
  await delay(random.between(...awayMs));
  await startAll(targets);
  return names;
}

async function cut([one, other]: readonly Target[], forMs: number, network: World['network']): Promise<string> {
  if (!one?.host || !other?.host || !network) throw new Error('A cut needs two targets with hosts on a network');
  network.cut(one.host, other.host);
  await delay(forMs);
  network.heal(one.host, other.host);
  return `${one.name} from ${other.name} for ${ms(forMs)}`;
}

async function hang(target: Target, forMs: number): Promise<string> {
  await target.hang(forMs);
  return `${target.name} for ${ms(forMs)}`;
}

/** Starts the targets that are not running, services first. */
export async function startAll(targets: readonly Target[]): Promise<void> {
  const ended = targets.filter(({ isRunning }) => !isRunning);
  await Promise.all(ended.filter(({ isService }) => isService).map((target) => target.start()));
  await Promise.all(ended.filter(({ isService }) => !isService).map((target) => target.start()));
}
