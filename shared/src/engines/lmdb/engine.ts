import type { Config } from '../../config/config.js';
import { InsuredCounters } from '../../insured-counters.js';
import type { Log } from '../../log.js';
import type { Engine } from '../../ports.js';
import { unobserved } from '../../write-observer.js';
import { lmdbAccounts } from './accounts.js';
import { lmdbEntries } from './entries.js';
import { closeDatabases, openDatabases } from './environment.js';
import { FileDirectory } from './file-directory.js';
import { FileRecords } from './file-records.js';
import { lmdbFiles } from './files.js';
import { lmdbIdentifyCodes } from './identify-codes.js';
import { killAtExitWhile } from './exit.js';
import { lmdbHealth } from './health.js';
import { directoryOf } from './location.js';
import { lmdbPosts } from './posts.js';
import { LmdbRateLimiter } from './rate-limiter.js';
import { Reads } from './reads.js';
import { lmdbSecrets } from './secrets.js';
import { Sweeper } from './sweeper.js';
import { lmdbTokens } from './tokens.js';
import { transactionsOf } from './transactions.js';
import { Writes } from './writes.js';

/** The settings that matter to this engine. */
export interface LmdbConfig extends Pick<Config, 'times'> {
  readonly app: Pick<Config['app'], 'processes'>;
  readonly store: Pick<Config['store'], 'host'>;
  readonly accounts: Pick<Config['accounts'], 'clientsPerAccount' | 'fileBytesPerAccount'>;
  readonly limits: Pick<Config['limits'], 'fileBytes'>;
}

/** Opens the embedded engine on the directory of `[STORE] host`. Throws an error with one line when that cannot be used. */
export async function openLmdbEngine(config: LmdbConfig, log: Log, observer = unobserved): Promise<Engine> {
  const { times } = config;
  const directory = directoryOf(config.store.host);
  const shared = config.app.processes > 1;
  const databases = openDatabases(directory, shared, times);
  const reads = new Reads(() => databases.environment.resetReadTxn());
  const writes = new Writes(transactionsOf(databases, directory, !shared), { timeoutMs: times.answerMs, observer });
  const files = {
    records: new FileRecords(databases, config.accounts.fileBytesPerAccount, times.uploadLeaseMs),
    directory: new FileDirectory(directory, times.diskMs),
  };
  const sweeper = new Sweeper(databases, writes, files, log, times.embeddedSweepMs);
  const wake = () => sweeper.wake();

  const letGo = killAtExitWhile(() => writes.areUnderWay);
  let closed: Promise<void> | undefined;
  const close = async () => {
    await sweeper.close();
    await writes.idle();
    await closeDatabases(databases);
    letGo();
  };

  return {
    name: 'embedded',
    location: directory,
    accounts: lmdbAccounts(databases, reads, writes, wake),
    tokens: lmdbTokens(databases, reads, writes, config.accounts.clientsPerAccount),
    entries: lmdbEntries(databases, reads, writes),
    posts: lmdbPosts(databases, reads, writes),
    files: lmdbFiles({
      databases,
      reads,
      writes,
      ...files,
      fileLimitBytes: config.limits.fileBytes,
      deleted: wake,
      times,
      observer,
    }),
    identifyCodes: lmdbIdentifyCodes(databases, writes),
    secrets: lmdbSecrets(databases, reads, writes),
    rateCounters: new InsuredCounters(new LmdbRateLimiter(databases, reads, writes), times),
    health: () => lmdbHealth(() => reads.ask(() => databases.meta.get('format')), writes, times),
    halt: () => writes.halt(),
    close: () => (closed ??= close()),
  };
}
