import type { Config } from '../../config/config.js';
import { FallbackCounters } from '../../rate-counters/fallback-counters.js';
import type { Log } from '../../process/log.js';
import type { Engine } from '../../ports/engine.js';
import type { EngineOptions } from '../../ports/engine-options.js';
import { unobserved } from '../../ports/write-observer.js';
import { embeddedAccounts } from './accounts/accounts.js';
import { embeddedEntries } from './entries/entries.js';
import { closeDatabases, openDatabases } from './lmdb/databases.js';
import { DirectoryLender } from './lending/directory-lender.js';
import { closeExposedFiles, warnOfExposed } from './files/exposed-files.js';
import { FileDirectory } from './files/file-directory.js';
import { FileRecords } from './files/file-records.js';
import { embeddedFiles } from './files/files.js';
import { embeddedIdentifyCodes } from './accounts/identify-codes.js';
import { killAtExitWhile } from './lmdb/kill-at-exit.js';
import { embeddedHealth } from './health.js';
import { parseLmdbUrl } from './lmdb/lmdb-url.js';
import { embeddedPosts } from './posts/posts.js';
import { EmbeddedRateCounters } from './accounts/rate-counters.js';
import { Reads } from './transactions/reads.js';
import { embeddedSecrets } from './accounts/secrets.js';
import { Sweeper } from './sweeper.js';
import { embeddedTokens } from './tokens/tokens.js';
import { transactionsOf } from './transactions/transactions.js';
import { EmbeddedGroupCommit } from './transactions/group-commit.js';

/** Settings that this engine uses. */
export interface EmbeddedConfig extends Pick<Config, 'times'> {
  readonly app: Pick<Config['app'], 'processes'>;
  readonly store: Pick<Config['store'], 'host'>;
  readonly accounts: Pick<Config['accounts'], 'clientsPerAccount' | 'fileBytesPerAccount'>;
  readonly limits: Pick<Config['limits'], 'fileBytes'>;
}

/**
 * Opens the embedded engine on the directory of `[STORE] host`. Throws an error with a one-line message if the
 * directory cannot be used.
 */
export async function openEmbeddedEngine(
  config: EmbeddedConfig,
  log: Log,
  { observer = unobserved }: Pick<EngineOptions, 'observer'> = {},
): Promise<Engine> {
  const { times } = config;
  const directory = parseLmdbUrl(config.store.host);
  const shared = config.app.processes > 1;
  const databases = openDatabases(directory, shared, times);
  warnOfExposed(databases.exposed, log);
  const reads = new Reads(() => databases.environment.resetReadTxn());
  const writes = new EmbeddedGroupCommit(transactionsOf(databases, directory, !shared), {
    timeoutMs: times.answerMs,
    observer,
  });
  const files = {
    records: new FileRecords(databases, config.accounts.fileBytesPerAccount, times.uploadLeaseMs),
    directory: new FileDirectory(directory, times.diskMs),
  };
  const closing = new AbortController();
  void closeExposedFiles(files.directory, log, closing.signal);
  const sweeper = new Sweeper(databases, writes, files, log, times);
  const wake = () => sweeper.wake();

  const letGo = killAtExitWhile(() => writes.areInFlight);
  let closed: Promise<void> | undefined;
  const lender = shared ? undefined : new DirectoryLender(databases, writes, log, times);
  await lender?.open(directory);
  const close = async () => {
    closing.abort();
    await lender?.close();
    await sweeper.close();
    await writes.idle();
    await closeDatabases(databases);
    letGo();
  };

  return {
    name: 'embedded',
    location: directory,
    accounts: embeddedAccounts(databases, reads, writes, wake),
    tokens: embeddedTokens(databases, reads, writes, config.accounts.clientsPerAccount),
    entries: embeddedEntries(databases, reads, writes),
    posts: embeddedPosts(databases, reads, writes),
    files: embeddedFiles({
      databases,
      reads,
      writes,
      ...files,
      fileLimitBytes: config.limits.fileBytes,
      deleted: wake,
      times,
      observer,
    }),
    identifyCodes: embeddedIdentifyCodes(databases, writes),
    secrets: embeddedSecrets(databases, reads, writes),
    rateCounters: new FallbackCounters(new EmbeddedRateCounters(databases, reads, writes), times),
    health: () => embeddedHealth(() => reads.ask(() => databases.meta.get('format')), writes, times),
    halt: () => writes.halt(),
    close: () => (closed ??= close()),
  };
}
