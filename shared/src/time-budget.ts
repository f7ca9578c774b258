/**
 * Times that promises depend on, and the relations between them. No other file states one: components receive their
 * times from `Config.times`, and Lua scripts receive them as arguments. A name ends in its unit. A share is a part of
 * `[LIMITS] drain_timeout`.
 *
 *     request: commitMs < redisCommandMs < answerMs < promisedMs
 *     worker:  erasurePassesMs, batchMs ≪ lateWriteMs ≤ tombstoneMs, erasureMs
 */
export interface TimeBudget {
  // Answers

  /** Promised time: even during an outage, a request is answered within it. */
  readonly promisedMs: number;
  /** Deadline of a request. After it the request stops waiting and returns 503. */
  readonly answerMs: number;
  /** Longest time for one command of the API to Redis. */
  readonly redisCommandMs: number;
  /** Longest time for one operation of the API on MongoDB. */
  readonly mongoOperationMs: number;
  /** Longest time for a group commit. The accepting script refuses a later one. */
  readonly commitMs: number;
  /**
   * Least time that a write must have left, else it is refused: a group commit has only the time of its most urgent
   * write.
   */
  readonly leastCommitMs: number;
  /**
   * Least time that a write has left while it is fresh. Other writes need their own timer while another commit is in
   * flight.
   */
  readonly freshWriteMs: number;
  /** Least time left for a store after a request has waited for something else: a hash, room for a body, Redis. */
  readonly storeShareMs: number;
  /** With stale reads: time to wait for an exact answer before Redis is probed. */
  readonly exactReadMs: number;
  readonly redisProbeMs: number;
  /** Longest wait for the token index, which is often in another partition. After it MongoDB is asked. */
  readonly tokenIndexMs: number;
  /** Longest time for a store to count a login. */
  readonly countMs: number;
  /** Pause before a store that failed to count is asked again. */
  readonly countersPauseMs: number;
  /** Time for which a password that was right is not hashed again. */
  readonly rightPasswordMs: number;
  /** Longest time that a body waits for room in memory. */
  readonly bodyWaitMs: number;
  /** Time after which a body that is still arriving loses its room to those that wait. */
  readonly slowBodyMs: number;
  /** Embedded: time that a write waits before `/readyz` reports a stalled disk. */
  readonly stalledWriteMs: number;
  /** Longest wait for the removal of a broken upload. After it the removal continues, or is left to the sweeper. */
  readonly uploadRemovalMs: number;

  // Metrics

  /** Longest time for the gauges that ask Redis and MongoDB. */
  readonly gaugesMs: number;
  /** Longest time for all children of a cluster to report their metrics. */
  readonly tellMetricsMs: number;
  /** Longest time for the primary to send a child the metrics of all. */
  readonly askMetricsMs: number;
  /** Time for which requests for `/metrics`, or for `/readyz`, share one result. */
  readonly monitoringMs: number;

  // Connections

  /** Silence of a Redis after which its connection is replaced. Until then the commands sent to it stay in memory. */
  readonly redisSilenceMs: number;
  /** Longest pause between two attempts to connect to Redis. */
  readonly reconnectMs: number;
  /** Time that a starting process waits for Redis. */
  readonly openMs: number;
  /** The same for an operator's command. */
  readonly operatorOpenMs: number;
  /**
   * Time between two looks at a Redis: what it has lost, which epoch it has, which node has a slot. Also between two
   * looks at the file descriptors that are left.
   */
  readonly lookMs: number;
  /** Time after its last look at which a process counts as gone. */
  readonly processGoneMs: number;
  /** Life of the count of looks in Redis, from the last look. */
  readonly looksKeptMs: number;
  /** Longest time for a node to report the state of its Redis Cluster. */
  readonly clusterAskMs: number;

  // Leases, and marks in Redis

  /** Lease on the record of a token. If its process dies, the lease blocks others for this long. */
  readonly tokenLeaseMs: number;
  /** Life of the mark on an account while it is unregistered or disabled, from the first step to the last. */
  readonly shortMarkMs: number;
  /**
   * Lease of an upload. If it is not renewed, the upload is swept: its process is gone, or considers the upload gone.
   */
  readonly uploadLeaseMs: number;
  /** Time between two renewals of that lease. */
  readonly uploadRenewalMs: number;
  /** Embedded: longest time to write or sync a part of a file, including the wait for parts before it. */
  readonly diskMs: number;

  // Worker

  /** Longest time from reading pending entries to MongoDB's answer. After it a batch is not settled but read again. */
  readonly batchMs: number;
  /** Longest time for one command of a worker to Redis. */
  readonly workerCommandMs: number;
  /** Longest time for one operation of an import or export on MongoDB. */
  readonly bulkOperationMs: number;
  /** Longest time by which a write to MongoDB arrives late after it was given up, here or by the driver. */
  readonly lateWriteMs: number;
  /** Life of a tombstone: a late put must find it. */
  readonly tombstoneMs: number;
  /** Life of the mark and the record of an erased account. Data that a late write brings back is erased again. */
  readonly erasureMs: number;
  /** Delays between the passes of an erasure. The last delay repeats until the erasure ends. */
  readonly erasurePassesMs: readonly number[];
  /** Largest difference between clocks that `keybin doctor` accepts. */
  readonly clockSkewMs: number;
  /**
   * Time that a store keeps a token after it has expired, to tell it from an unknown one. MongoDB's TTL index keeps
   * codes for it, too.
   */
  readonly expiredGraceMs: number;
  /** Time between two rounds of the worker's sweepers. */
  readonly sweepMs: number;
  /** Lease of the worker that sweeps. */
  readonly sweepLeaseMs: number;
  /** Life of BullMQ's lock on a job. After it another worker takes over the job of a dead one. */
  readonly jobLockMs: number;
  /** Time between two looks for such jobs. */
  readonly stalledJobsMs: number;

  // The data directory

  /** Longest time that opening it waits for the transactions of other processes. */
  readonly openLockMs: number;
  /** The same for closing it. */
  readonly closeLockMs: number;
  /** Time after which a process that writes without a pause lets others have the lock. */
  readonly lockTurnMs: number;
  /** Length of that pause. */
  readonly lockPauseMs: number;
  /** Time between two attempts to take the lock, by a process that opens the directory. */
  readonly lockRetryMs: number;
  /** Time between two rounds of the sweeper. */
  readonly embeddedSweepMs: number;

  // Connections of clients, and the end of a process

  /** Time between two looks for requests that are late to arrive. */
  readonly lateCheckMs: number;
  /** Time beyond the request timeout after which a client that reads nothing of its response is cut off. */
  readonly stillnessMs: number;
  /** Life of an idle connection. */
  readonly keepAliveMs: number;
  /** Draining: time for a client that does not know of it to send a request on a connection that it holds open. */
  readonly idleGraceMs: number;
  /** Time in which a second signal counts as the first: a terminal signals npm too, and npm passes the signal on. */
  readonly echoedSignalMs: number;
  /** Longest time that a process which exits at once waits for transactions. */
  readonly haltMs: number;
  /** Time beyond a process's own deadline after which `start:all` kills it. */
  readonly killGraceMs: number;
  /** Share of `drain_timeout` after which uploads and downloads are ended. */
  readonly transfersShare: number;
  /** Share after which a worker gives up the batches in flight. */
  readonly batchesShare: number;
  /** Share after which a worker leaves its active jobs to others. */
  readonly drainedJobsShare: number;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Values of the times. Many are derived from times above them. */
const derivations: { readonly [Name in keyof TimeBudget]: (t: TimeBudget) => TimeBudget[Name] } = {
  promisedMs: () => 2_000,
  answerMs: (t) => t.promisedMs - 200,
  redisCommandMs: (t) => t.answerMs - 300,
  mongoOperationMs: (t) => t.answerMs - 300,
  commitMs: (t) => t.redisCommandMs - 100,
  leastCommitMs: () => 250,
  freshWriteMs: (t) => t.answerMs - 100,
  storeShareMs: () => 500,
  exactReadMs: () => 1_000,
  redisProbeMs: () => 150,
  tokenIndexMs: () => 500,
  countMs: () => 500,
  countersPauseMs: (t) => t.promisedMs,
  rightPasswordMs: () => 30_000,
  bodyWaitMs: () => 1_000,
  slowBodyMs: (t) => t.promisedMs,
  stalledWriteMs: () => 1_000,
  uploadRemovalMs: (t) => t.answerMs - t.mongoOperationMs - 50,

  gaugesMs: (t) => t.answerMs + 100,
  tellMetricsMs: (t) => t.gaugesMs + 300,
  askMetricsMs: (t) => t.tellMetricsMs + 300,
  monitoringMs: () => 1_000,

  redisSilenceMs: () => 5_000,
  reconnectMs: () => 500,
  openMs: () => 5_000,
  operatorOpenMs: () => 1_000,
  lookMs: () => 1_000,
  processGoneMs: (t) => 5 * t.promisedMs,
  looksKeptMs: () => 7 * dayMs,
  clusterAskMs: () => 1_000,

  tokenLeaseMs: (t) => 5 * t.promisedMs,
  shortMarkMs: (t) => 5 * t.promisedMs,
  uploadLeaseMs: () => 20_000,
  uploadRenewalMs: (t) => t.uploadLeaseMs / 4,
  diskMs: (t) => t.uploadLeaseMs / 2,

  batchMs: () => 10_000,
  workerCommandMs: (t) => t.batchMs / 2,
  bulkOperationMs: () => 60_000,
  lateWriteMs: () => dayMs,
  tombstoneMs: (t) => t.lateWriteMs,
  erasureMs: (t) => t.lateWriteMs,
  erasurePassesMs: (t) => [t.batchMs, 60_000, 600_000, hourMs, 6 * hourMs],
  clockSkewMs: () => 5_000,
  expiredGraceMs: () => hourMs,
  sweepMs: () => 2_000,
  sweepLeaseMs: (t) => 3 * t.sweepMs,
  jobLockMs: () => 5_000,
  stalledJobsMs: () => 1_000,

  openLockMs: () => 10_000,
  closeLockMs: () => 1_000,
  lockTurnMs: () => 500,
  lockPauseMs: () => 3,
  lockRetryMs: () => 1,
  embeddedSweepMs: () => 10_000,

  lateCheckMs: () => 1_000,
  stillnessMs: (t) => 2 * t.lateCheckMs,
  keepAliveMs: () => 65_000,
  idleGraceMs: () => 250,
  echoedSignalMs: () => 250,
  haltMs: () => 200,
  killGraceMs: () => 2_000,
  transfersShare: () => 0.6,
  batchesShare: () => 0.5,
  drainedJobsShare: () => 0.75,
};

/** Time after which usual proxies close an idle connection. */
const proxyKeepAliveMs = 60_000;
/** Prometheus's default timeout for a scrape. */
const scrapeMs = 10_000;
/**
 * Least ratio of `lateWriteMs` to a timeout. A network or a stopped process delays a write, not the write's own
 * timeout.
 */
const muchLonger = 100;

/** Relations that must hold between the times, and the reason for each. */
const relations = {
  /** A request that is given up must still be answered within the promised time. */
  answerBeforePromise: (t) => t.answerMs + 100 <= t.promisedMs,
  /** A hanging Redis must be detected before the request is given up. */
  redisCommandBeforeAnswer: (t) => t.redisCommandMs < t.answerMs,
  /** A hanging MongoDB must be detected before the request is given up. */
  mongoOperationBeforeAnswer: (t) => t.mongoOperationMs < t.answerMs,
  /** A write accepted after its client got 503 would win over a later one. */
  commitBeforeCommand: (t) => t.commitMs < t.redisCommandMs,
  /** A write that is not refused at once must fit into a commit. */
  commitHasTime: (t) => t.leastCommitMs < t.commitMs,
  /** A fresh write has no timer of its own, so the commit before it must leave it time for its own commit. */
  freshWriteOutlastsCommit: (t) => t.commitMs + t.leastCommitMs <= t.freshWriteMs,
  /** A write that has just arrived must be fresh, or each would need a timer. */
  freshWriteBeforeAnswer: (t) => t.freshWriteMs < t.answerMs,
  /** A stale read needs time for MongoDB after it has waited for Redis. */
  staleReadHasTime: (t) => t.exactReadMs + t.redisProbeMs + t.storeShareMs <= t.answerMs,
  /** A token must still be found in MongoDB when its index is out of reach. */
  tokenIndexLeavesTime: (t) => t.tokenIndexMs + t.storeShareMs <= t.answerMs,
  /** A login must still be compared when its counter is out of reach. */
  countingLeavesTime: (t) => t.countMs + t.storeShareMs <= t.answerMs,
  /** A request counts several times, and may wait only once for a store that fails to count. */
  countersPauseOutlastsRequest: (t) => t.countersPauseMs >= t.promisedMs,
  /** Logins that wait behind one with the same password must find that it was right. */
  rightPasswordOutlastsLine: (t) => t.rightPasswordMs >= t.promisedMs,
  /** A write that has waited for room must still reach its store. */
  bodyWaitLeavesTime: (t) => t.bodyWaitMs + t.storeShareMs <= t.answerMs,
  /** A body that waited its turn must not count as slow before those behind it give up. */
  slowBodyOutlastsWait: (t) => t.slowBodyMs > t.bodyWaitMs,
  /** A hanging disk must show in /readyz before it makes the first write fail. */
  stallShowsBeforeAnswer: (t) => t.stalledWriteMs < t.answerMs,
  /** An upload must still be answered when one of its operations has timed out. */
  uploadRemovalBeforeAnswer: (t) => t.mongoOperationMs + t.uploadRemovalMs <= t.answerMs,
  /** A dependency that is down is found after answerMs, and its gauge must say so. */
  gaugesOutlastAnswer: (t) => t.gaugesMs > t.answerMs,
  /** A child of a cluster asks its dependencies before it reports its metrics. */
  tellOutlastsGauges: (t) => t.tellMetricsMs > t.gaugesMs,
  /** The primary must answer before its asker gives up, even if a child hangs. */
  askOutlastsTell: (t) => t.askMetricsMs > t.tellMetricsMs,
  /** Prometheus must have an answer before it gives up. */
  metricsBeforeScrape: (t) => t.askMetricsMs < scrapeMs,
  /** A load balancer must not send requests for longer than those in flight are promised an answer. */
  readinessIsFresh: (t) => t.monitoringMs < t.promisedMs,
  /** A Redis that is back must be found within the time in which an outage is promised to be noticed. */
  reconnectsInTime: (t) => t.reconnectMs + t.redisCommandMs <= t.promisedMs,
  /** A connection must not be cut while a command on it has time left. */
  silenceOutlastsCommands: (t) => t.redisSilenceMs >= Math.max(t.redisCommandMs, t.workerCommandMs),
  /** A process that starts must try to connect more than once. */
  openTriesTwice: (t) => t.openMs >= 2 * t.redisCommandMs,
  /** An operator must learn soon that Redis is down. */
  operatorIsToldFirst: (t) => t.operatorOpenMs < t.openMs,
  /** A process must soon notice a Redis that is empty or has become a replica. */
  looksWithinPromise: (t) => t.lookMs < t.promisedMs,
  /** A process must not seem to be gone because one or two of its looks came late. */
  processOutlastsLooks: (t) => t.processGoneMs >= 3 * t.lookMs && t.processGoneMs < t.looksKeptMs,
  /** A count that expires in a long outage would report a loss that did not happen. */
  looksOutlastOutage: (t) => t.looksKeptMs > t.lateWriteMs,
  /** A connection must find its node within its own time to connect. */
  clusterAskBeforeCommand: (t) => t.clusterAskMs < t.redisCommandMs,
  /** Issuing a token must fill its record under the lease that it began with. */
  tokenLeaseOutlastsIssue: (t) => t.tokenLeaseMs >= 3 * t.mongoOperationMs + 2 * t.redisCommandMs,
  /** No write of the account may be accepted between the first and the last step of unregister. */
  shortMarkOutlastsUnregister: (t) => t.shortMarkMs >= 3 * t.mongoOperationMs + 2 * t.redisCommandMs,
  /** An upload must survive one failed renewal. */
  uploadLeaseOutlastsRenewal: (t) => t.uploadLeaseMs >= 2 * t.uploadRenewalMs + t.answerMs,
  /** An upload must not be swept while the disk has time left to store a part of it. */
  uploadLeaseOutlastsDisk: (t) => t.uploadLeaseMs > t.diskMs,
  /** Reading pending entries must leave a batch time for MongoDB. */
  workerCommandBeforeBatch: (t) => t.workerCommandMs < t.batchMs,
  /** Tombstones and marks live as long as a late write may take, which must be much longer than its timeout. */
  lateWriteOutlastsBatch: (t) => t.lateWriteMs >= muchLonger * Math.max(t.batchMs, t.bulkOperationMs),
  /** A late put that finds no tombstone would bring back a deleted value. */
  tombstoneOutlastsLateWrite: (t) => t.tombstoneMs >= t.lateWriteMs,
  /** Data of an erased account that a late write brings back must be erased again. */
  erasureOutlastsLateWrite: (t) => t.erasureMs >= t.lateWriteMs,
  /** A pass must find what was written by the batches in flight at the pass before. */
  erasurePassAfterBatch: (t) =>
    t.erasurePassesMs.length > 0 && t.erasurePassesMs.every((delayMs) => delayMs >= t.batchMs),
  /** An erasure must have passes before its mark ends. */
  erasurePassBeforeEnd: (t) => t.erasurePassesMs.every((delayMs) => 2 * delayMs <= t.erasureMs),
  /** A MongoDB whose clock is ahead must not remove a live token. */
  expiredOutlastSkew: (t) => t.expiredGraceMs > t.clockSkewMs,
  /** A sweeper must survive one failed renewal. Its rounds are up to a quarter longer than sweepMs. */
  sweepLeaseOutlastsRound: (t) => t.sweepLeaseMs >= 2.5 * t.sweepMs,
  /** BullMQ renews a lock after half of its life: a live worker must keep its jobs. */
  jobLockOutlastsLook: (t) => t.jobLockMs > 2 * t.stalledJobsMs,
  /** A process must be able to open the directory next to a busy one. */
  openOutlastsWrites: (t) => t.openLockMs > t.answerMs + t.lockTurnMs,
  /** A process must be able to close the directory next to a busy one. */
  closeOutlastsTurn: (t) => t.closeLockMs > t.lockTurnMs,
  /** A write must be able to wait out the turn of another process, and then have time for its own transaction. */
  lockTurnBeforeAnswer: (t) => t.lockTurnMs + t.storeShareMs <= t.answerMs,
  /** A process that wants the lock must look at it within each pause. */
  lockPauseIsNoticed: (t) => t.lockRetryMs < t.lockPauseMs,
  /** The room of a broken upload must be free again within twice its lease. */
  uploadRoomComesBack: (t) => Math.max(t.sweepMs, t.embeddedSweepMs) <= t.uploadLeaseMs,
  /** A request that is late to arrive must get 408 before its connection is cut. */
  lateIsToldBeforeStillness: (t) => t.stillnessMs >= 2 * t.lateCheckMs,
  /** A proxy must close an idle connection first, else a request that it sends is lost. */
  proxyEndsConnections: (t) => t.keepAliveMs > proxyKeepAliveMs,
  /** A process must be able to halt its transactions before it is killed. */
  killOutlastsHalt: (t) => t.killGraceMs > t.haltMs,
  /** Transfers that were ended must be answered before the process exits. */
  transfersLeaveTime: (t) => t.transfersShare < 1,
  /** A worker must give back the jobs of the batches that it gave up, before it exits. */
  batchesEndBeforeJobs: (t) => t.batchesShare < t.drainedJobsShare && t.drainedJobsShare < 1,
} as const satisfies Readonly<Record<string, (t: TimeBudget) => boolean>>;

export type RelationName = keyof typeof relations;

export const relationNames = Object.keys(relations) as readonly RelationName[]; // keys of a constant

/**
 * Returns the times. `given` replaces some of them, and the times derived from those follow. Throws an `Error` that
 * names each relation that does not hold.
 */
export function timeBudget(given: Partial<TimeBudget> = {}): TimeBudget {
  const times: Record<string, unknown> = {};
  for (const [name, derive] of Object.entries(derivations)) {
    // the times above it are there
    times[name] = given[name as keyof TimeBudget] ?? derive(times as unknown as TimeBudget);
  }
  const budget = Object.freeze(times as unknown as TimeBudget); // `derivations` has each member
  const broken = relationNames.filter((name) => !relations[name](budget));
  if (broken.length > 0) throw new Error(`These relations between times do not hold: ${broken.join(', ')}`);
  return budget;
}
