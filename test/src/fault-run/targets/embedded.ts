import { spawnApi } from '../../world/processes/keybin-process.js';
import { temporaryDirectory } from '../../world/processes/temporary-directory.js';
import { embeddedLeftovers } from './embedded-leftovers.js';
import { startAll, type Fault } from '../faults.js';
import { Gate } from '../gate.js';
import { Target, type Gone } from './target.js';
import { unlimited } from '../clients/unlimited.js';
import type { World } from '../world.js';

/** Opens two APIs of two processes each on one directory, or one API of one process. */
export async function openEmbedded(gone: Gone, processes: 1 | 2): Promise<World> {
  const directory = temporaryDirectory();
  const env = {
    KEYBIN_STORE_HOST: `lmdb://${directory}`,
    KEYBIN_STORE_TOKEN_EXPIRATION: '86400',
    KEYBIN_APP_PROCESSES: String(processes), // 2 also means that others have the directory open
    ...unlimited,
  };
  const names = processes === 1 ? ['API'] : ['API 1', 'API 2'];
  const apis = names.map((name) => new Target(name, false, () => spawnApi({ env }), gone));
  await startAll(apis);
  return {
    engine: 'embedded',
    targets: apis,
    faults: processes === 1 ? faultsOfOne(apis) : faultsOfTwo(apis),
    get urls() {
      return apis.flatMap(({ url }) => url ?? []);
    },
    workerUrls: [],
    addsUpMetrics: processes > 1,
    gate: new Gate(),
    whole: async () => {},
    drained: async () => {},
    leftovers: (shown) => embeddedLeftovers(directory, shown),
    async close() {
      await Promise.all(apis.map((target) => target.terminate()));
    },
  };
}

function faultsOfOne(apis: readonly Target[]): Fault[] {
  return (['kill -9', 'hang', 'SIGTERM'] as const).map((manner) => ({ manner, what: 'API', among: [apis] }));
}

function faultsOfTwo(apis: readonly Target[]): Fault[] {
  const both = apis.map((api) => [api]);
  return [
    { manner: 'kill -9', what: 'API', among: [apis] },
    { manner: 'kill -9', what: 'both APIs', among: both },
    { manner: 'kill -9 of a child', what: 'API', among: [apis] },
    { manner: 'hang', what: 'API', among: [apis] },
    { manner: 'hang', what: 'both APIs', among: both },
    { manner: 'SIGTERM', what: 'API', among: [apis] },
    { manner: 'SIGTERM', what: 'both APIs', among: both },
  ];
}
