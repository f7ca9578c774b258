import type { Config } from '../config/config.js';
import type { Log } from '../process/log.js';
import type {
  Diagnosis,
  OriginalKeybin,
  OriginalPlace,
  QueueOperations,
  StoreReader,
  StoreWriter,
} from '../ports/operations.js';
import type { Engine } from '../ports/engine.js';
import type { QueueDashboard } from '../ports/queue-dashboard.js';
import type { EngineOptions } from '../ports/engine-options.js';

/** Functions that open an engine. Its libraries are loaded only when one of them is called. */
interface EngineEntry {
  readonly open: (config: Config, log: Log, options: EngineOptions) => Promise<Engine>;
  readonly openReader: (config: Config, log: Log) => Promise<StoreReader>;
  readonly diagnose: (config: Config, log: Log) => Promise<Diagnosis[]>;
  readonly openWriter: (config: Config, log: Log) => Promise<StoreWriter>;
  /** Asks a service that has the store to itself to share it. Resolves with a function that ends this. */
  readonly borrow?: (config: Config) => Promise<(() => void) | undefined>;
  /** Absent if the engine applies a write before it acknowledges it. */
  readonly openQueue?: (config: Config, log: Log) => Promise<QueueOperations>;
  readonly openDashboard?: (config: Config, log: Log) => Promise<QueueDashboard>;
}

const embedded: EngineEntry = {
  async open(config, log, options) {
    const { openEmbeddedEngine } = await import('./embedded/engine.js');
    return openEmbeddedEngine(config, log, options);
  },
  async openReader(config) {
    const { openEmbeddedStoreReader } = await import('./embedded/operations/store-reader.js');
    return openEmbeddedStoreReader(config);
  },
  async diagnose(config) {
    const { diagnose: look } = await import('./embedded/operations/diagnose.js');
    return look(config);
  },
  async openWriter(config) {
    const { openEmbeddedStoreWriter } = await import('./embedded/operations/store-writer.js');
    return openEmbeddedStoreWriter(config);
  },
  async borrow({ store, times }) {
    const [{ borrowDirectory }, { parseLmdbUrl }] = await Promise.all([
      import('./embedded/lending/borrow-directory.js'),
      import('./embedded/lmdb/lmdb-url.js'),
    ]);
    return borrowDirectory(parseLmdbUrl(store.host), times);
  },
};

const scaleOut: EngineEntry = {
  async open(config, log, options) {
    const { openScaleOutEngine } = await import('./scale-out/engine.js');
    return openScaleOutEngine(config, log, options);
  },
  async openReader(config, log) {
    const { openScaleOutStoreReader } = await import('./scale-out/operations/store-reader.js');
    return openScaleOutStoreReader(config, log);
  },
  async diagnose(config, log) {
    const { diagnose: look } = await import('./scale-out/operations/diagnose.js');
    return look(config, log);
  },
  async openWriter(config, log) {
    const { openScaleOutStoreWriter } = await import('./scale-out/operations/store-writer.js');
    return openScaleOutStoreWriter(config, log);
  },
  async openQueue(config, log) {
    const { openQueueOperations: open } = await import('./scale-out/queue/queue-operations.js');
    return open(config, log);
  },
  async openDashboard(config, log) {
    const { openQueueDashboard: open } = await import('./scale-out/queue/queue-dashboard.js');
    return open(config, log);
  },
};

const byScheme: Readonly<Record<string, EngineEntry>> = { lmdb: embedded, mongodb: scaleOut, 'mongodb+srv': scaleOut };

/** Returns the engine for the URL scheme of `[STORE] host`. */
function entryOf({ store }: Config): EngineEntry {
  const scheme = store.host.split(':', 1)[0] ?? '';
  const entry = byScheme[scheme];
  if (!entry) throw new Error(`[STORE] host: no engine for '${scheme}:', expected ${Object.keys(byScheme).join(', ')}`);
  return entry;
}

/** Opens the configured engine. Throws an error with a one-line message if it cannot start. */
export const openEngine = async (config: Config, log: Log, options: EngineOptions = {}): Promise<Engine> =>
  entryOf(config).open(config, log, options);

/** Opens the configured engine's store for reading. Throws as `openEngine` does. */
export const openStoreReader = async (config: Config, log: Log): Promise<StoreReader> =>
  entryOf(config).openReader(config, log);

/** Opens the configured engine's store for an import. Throws as `openEngine` does. */
export const openStoreWriter = async (config: Config, log: Log): Promise<StoreWriter> =>
  entryOf(config).openWriter(config, log);

/**
 * Calls `work` with settings for opening the store beside a service that has it to itself, and takes care that the
 * service shares it meanwhile. Without such a service these are the given settings.
 */
export async function besideService<T>(config: Config, work: (config: Config) => Promise<T>): Promise<T> {
  const giveBack = await entryOf(config).borrow?.(config);
  if (!giveBack) return work(config);
  try {
    return await work({ ...config, app: { ...config.app, processes: 2 } }); // as one of several
  } finally {
    giveBack();
  }
}

/** Checks everything that the configured engine needs. Never throws: an unreachable store is one of the problems. */
export const diagnose = async (config: Config, log: Log): Promise<Diagnosis[]> => entryOf(config).diagnose(config, log);

/** Opens the database of an original Keybin. Throws as `openEngine` does. */
export async function openOriginalKeybin(
  place: OriginalPlace,
  { times }: Pick<Config, 'times'>,
): Promise<OriginalKeybin> {
  const { openOriginalKeybin: open } = await import('./scale-out/operations/original-keybin.js');
  return open(place, times);
}

/** Opens the configured engine's queue for an operator; `undefined` if it has none. Throws as `openEngine` does. */
export const openQueueOperations = async (config: Config, log: Log): Promise<QueueOperations | undefined> =>
  entryOf(config).openQueue?.(config, log);

/** Opens the configured engine's queues for the dashboard; `undefined` if it has none. Throws as `openEngine` does. */
export const openQueueDashboard = async (config: Config, log: Log): Promise<QueueDashboard | undefined> =>
  entryOf(config).openDashboard?.(config, log);
