import type { Config } from '@keybin/shared/config/config.js';
import { besideService, openEngine, openStoreReader, openStoreWriter } from '@keybin/shared/engines/open-engine.js';
import { silentLog, type Log } from '@keybin/shared/process/log.js';
import type { StoreReader, StoreWriter } from '@keybin/shared/ports/operations.js';
import type { EngineOptions } from '@keybin/shared/ports/engine-options.js';
import type { Engine } from '@keybin/shared/ports/engine.js';

/** Opens the configured engine as an API process does, also beside one, calls `work`, and closes it. */
export async function withEngine<T>(
  config: Config,
  work: (engine: Engine) => Promise<T>,
  { log = silentLog(), ...options }: Pick<EngineOptions, 'waiting'> & { readonly log?: Log } = {},
): Promise<T> {
  return besideService(config, async (open) => closing(await openEngine(open, log, options), work));
}

/** Opens the configured engine's store for an import, also beside a service, calls `work`, and closes it. */
export async function withStoreWriter<T>(config: Config, work: (writer: StoreWriter) => Promise<T>): Promise<T> {
  return besideService(config, async (open) => closing(await openStoreWriter(open, silentLog()), work));
}

/** Opens the configured engine's store for reading only, calls `work`, and closes it. */
export async function withStoreReader<T>(config: Config, work: (reader: StoreReader) => Promise<T>): Promise<T> {
  return closing(await openStoreReader(config, silentLog()), work);
}

async function closing<Opened extends { close(): Promise<void> }, T>(
  opened: Opened,
  work: (opened: Opened) => Promise<T>,
): Promise<T> {
  try {
    return await work(opened);
  } finally {
    await opened.close();
  }
}
