import { setTimeout as delay } from 'node:timers/promises';
import { SharedAccount } from './clients/account.js';
import { Client } from './clients/client.js';
import { openEmbedded } from './targets/embedded.js';
import { missingCoverage } from './coverage.js';
import { injectFaults, startAll, type FaultCounts } from './faults.js';
import { FileClient } from './clients/file-client.js';
import { readAll } from './checkers/final-reads.js';
import { History, type Findings } from './checkers/history.js';
import { judge } from './checkers/judge.js';
import { PostClient } from './clients/post-client.js';
import { Prober } from './clients/prober.js';
import { Random } from './random.js';
import { register } from './clients/renew.js';
import { openScaleOut } from './targets/scale-out.js';
import type { Leftovers, RedisKind, World } from './world.js';
import { KeybinClient } from '../world/clients/keybin-client.js';

const clientCount = 12;
const postClientCount = 4;
const fileClientCount = 2;
const proberCount = 2;
const accountCount = 10;
const keys = ['a', 'b', 'c'];
/** Time after the last fault, in ms, so that further requests find what it left half done. */
const calmMs = 3_000;
/** Longest run where little happens, as a multiple of its minutes. */
const longestShare = 3;
/** Most entries whose history in the servers is reported. */
const mostTraced = 3;

export interface RunOptions {
  readonly engine: World['engine'];
  /** Form of Redis, for the scale-out engine. */
  readonly redis: RedisKind;
  /** Processes of each API, for the embedded engine: one API of one process, or two APIs of two. */
  readonly processes: 1 | 2;
  /** True if each process of the scale-out engine has a host of its own, so that the network can be cut. */
  readonly network: boolean;
  readonly minutes: number;
  readonly seed: number;
}

/** Counts and findings of a run. */
export interface RunResult extends RunOptions {
  /** Minutes in which faults were injected: `minutes`, or more where little happened. */
  readonly lastedMinutes: number;
  readonly history: History;
  readonly faults: FaultCounts;
  readonly findings: Findings;
  /** History of the wrong entries in the servers, one line per event. */
  readonly traces: readonly string[];
  readonly leftovers: Leftovers;
  /** Processes that ended by themselves, or with an error after SIGTERM. */
  readonly gone: readonly string[];
}

const numbered = <T>(count: number, make: (number: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index + 1));

/**
 * Runs clients against real processes that faults hit. Goes on past its minutes until enough has happened, at most
 * `longestShare` times as long. Then lets everything come to rest and judges the observations.
 */
export async function runFaults(options: RunOptions): Promise<RunResult> {
  const { engine, redis, processes, network, minutes, seed } = options;
  const random = new Random(seed);
  const gone: string[] = [];
  const note = (what: string) => gone.push(what);
  const world = await (engine === 'embedded' ? openEmbedded(note, processes) : openScaleOut(note, redis, network));
  const history = new History();
  const accounts = Array.from({ length: accountCount }, (_, index) => new SharedAccount(`account-${index + 1}`, keys));
  const api = () => new KeybinClient(random.pick(world.urls));
  for (const account of accounts) await register(account, { api, history });

  const partsOf = (name: string) => ({ name, service: world, accounts, history, random: random.fork() });
  const all = [
    ...numbered(clientCount, (number) => new Client(partsOf(`client-${number}`))),
    ...numbered(postClientCount, (number) => new PostClient(partsOf(`poster-${number}`))),
    ...numbered(fileClientCount, (number) => new FileClient(partsOf(`uploader-${number}`))),
    ...numbered(proberCount, (number) => new Prober(partsOf(`prober-${number}`))),
  ];
  const running = Promise.all(all.map((client) => client.run()));
  const startMs = performance.now();
  const minutesPassed = () => (performance.now() - startMs) / 60_000;
  const isEnough = (counts: FaultCounts) => {
    if (minutesPassed() < minutes) return false;
    return minutesPassed() >= minutes * longestShare || missingCoverage(options, history, counts).length === 0;
  };
  const injecting = injectFaults(world, history, random.fork(), isEnough);
  const faults = await Promise.race([injecting, running.then(() => injecting)]);
  const lastedMinutes = minutesPassed();
  await startAll(world.targets);
  await delay(calmMs);
  for (const client of all) client.end();
  await running;

  await world.drained();
  const shown = await readAll(accounts, world.urls, history);
  const leftovers = await world.leftovers(shown);
  const findings = judge(history);
  const traces: string[] = [];
  for (const { life, key } of findings.entries.slice(0, mostTraced)) {
    traces.push(...((await world.trace?.(life, key)) ?? []));
  }
  await world.close();
  return { ...options, lastedMinutes, history, faults, findings, traces, leftovers, gone };
}
