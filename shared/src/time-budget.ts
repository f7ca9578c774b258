/**
 * The times that promises depend on, and how they hang together. Nothing else states one: components are given what they need from
 * `Config.times`, Lua scripts as arguments. Names end in their unit; shares are parts of `[LIMITS] drain_timeout`.
 *
 *     request: commitMs < redisCommandMs < answerMs < promisedMs
 *     worker:  erasurePassesMs, batchMs ≪ lateWriteMs ≤ tombstoneMs, erasureMs
 */
export interface TimeBudget {
  // Answers

  /** Every outage is an answer within this time. */
  readonly promisedMs: number;
  /** Deadline of a request: what it waits for is given up, and it is answered 503. */
  readonly answerMs: number;
  /** Longest time for one command of the API to Redis. */
  readonly redisCommandMs: number;
  /** Longest time for one operation of the API on MongoDB. */
  readonly mongoOperationMs: number;
  /** Longest time for a group commit; the accepting script refuses it later. */
  readonly commitMs: number;
  /** A write that needs its answer sooner is refused: a group has the time of its most urgent write. */
  readonly leastCommitMs: number;
  /** A write with less time left needs a timer of its own while another commit is in flight. */
  readonly freshWriteMs: number;
  /** Least time for a store after something else was waited for: a hash, room for a body, Redis. */
  readonly storeShareMs: number;
  /** With stale reads: how long an exact answer is waited for before Redis is probed. */
  readonly exactReadMs: number;
  readonly redisProbeMs: number;
  /** For the token index, which is often in another partition; then MongoDB is asked. */
  readonly tokenIndexMs: number;
  /** For a store to count a login. */
  readonly countMs: number;
  /** A store that failed to count is left alone for this long. */
  readonly countersPauseMs: number;
  /** A body waits this long for room in memory. */
  readonly bodyWaitMs: number;
  /** A body that takes longer to arrive loses its room to those that wait. */
  readonly slowBodyMs: number;
  /** Embedded: a write that waits longer shows as a stalled disk in `/readyz`. */
  readonly stalledWriteMs: number;
  /** The removal of a broken upload is waited for this long. It goes on, or is left to the sweeper. */
  readonly uploadRemovalMs: number;

  // Metrics

  /** For the gauges that ask Redis and MongoDB. */
  readonly gaugesMs: number;
  /** For all children of a cluster to tell their metrics. */
  readonly tellMetricsMs: number;
  /** For the primary to answer a child with the metrics of all. */
  readonly askMetricsMs: number;

  // Connections

  /** A Redis that answers nothing for this long is connected to anew: what was sent to it is held in memory until then. */
  readonly redisSilenceMs: number;
  /** How long a process that starts waits for Redis. */
  readonly openMs: number;
  /** The same for an operator's command. */
  readonly operatorOpenMs: number;
  /** The same for a worker, which then says so and tries again. */
  readonly workerOpenMs: number;
  /** Between two looks at a Redis: what it has lost, whose queue it is, which node has a slot. */
  readonly lookMs: number;
  /** Life of the count of looks in Redis after the last one. */
  readonly looksKeptMs: number;
  /** For a node to tell the state of its Redis Cluster. */
  readonly clusterAskMs: number;

  // Leases, and marks in Redis

  /** Lease on the record of a token. If a process dies, the lease stands in the way for this long. */
  readonly tokenLeaseMs: number;
  /** Mark of an account while it is unregistered or disabled, from the first step to the last. */
  readonly shortMarkMs: number;
  /** How long a settled delete is remembered, for deletes of its key that had looked into MongoDB before. */
  readonly deletesKeptMs: number;
  /** An upload whose lease was not prolonged for this long is swept: its process is gone, or takes it for gone. */
  readonly uploadLeaseMs: number;
  /** Between two prolongings. */
  readonly uploadRenewalMs: number;
  /** Embedded: longest time to write or sync a part of a file, others before it included. */
  readonly diskMs: number;

  // Worker

  /** From reading pending entries to MongoDB's answer. A batch that took longer is not settled but read again. */
  readonly batchMs: number;
  /** Longest time for one command of a worker to Redis. */
  readonly workerCommandMs: number;
  /** Longest time for one operation of an import or export on MongoDB. */
  readonly bulkOperationMs: number;
  /** A write to MongoDB that was given up, here or by the driver, does not arrive later than this. */
  readonly lateWriteMs: number;
  /** Life of a tombstone: a late put must find it. */
  readonly tombstoneMs: number;
  /** Life of the mark and of the record of an erased account: what a late write brings back is erased again. */
  readonly erasureMs: number;
  /** From one pass of an erasure to the next; the last delay is repeated until the erasure ends. */
  readonly erasurePassesMs: readonly number[];
  /** Clocks further apart than this are a problem to `keybin doctor`. */
  readonly clockSkewMs: number;
  /** Tokens and codes end by Redis's clock; MongoDB's TTL index removes them this much later. */
  readonly expiredGraceMs: number;
  /** Between two rounds of the worker's sweepers. */
  readonly sweepMs: number;
  /** Lease of the worker that sweeps. */
  readonly sweepLeaseMs: number;
  /** BullMQ's lock on a job; the job of a dead worker is taken up after this. */
  readonly jobLockMs: number;
  /** Between two looks for such jobs. */
  readonly stalledJobsMs: number;

  // The data directory

  /** How long opening it waits for the transactions of other processes. */
  readonly openLockMs: number;
  /** The same for closing it. */
  readonly closeLockMs: number;
  /** A process that writes without a pause lets others have the lock after this. */
  readonly lockTurnMs: number;
  /** For this long. */
  readonly lockPauseMs: number;
  /** Between two tries to have it, by a process that opens the directory. */
  readonly lockRetryMs: number;
  /** Between two rounds of the sweeper. */
  readonly embeddedSweepMs: number;

  // Connections of clients, and the end of a process

  /** Between two looks for requests that are late to arrive. */
  readonly lateCheckMs: number;
  /** A client that takes nothing of its answer is cut off this much later than a request may take. */
  readonly stillnessMs: number;
  /** Life of an idle connection. */
  readonly keepAliveMs: number;
  /** Draining: a client that does not know of it has this long to send a request on a connection that it holds open. */
  readonly idleGraceMs: number;
  /** A terminal signals all that runs in it, npm included, which passes the signal on: a second one within this time is the same. */
  readonly echoedSignalMs: number;
  /** A process that ends at once waits this long for transactions. */
  readonly haltMs: number;
  /** `start:all` kills a process that outlives its own deadline by this. */
  readonly killGraceMs: number;
  /** After this share of `drain_timeout` uploads and downloads are ended. */
  readonly transfersShare: number;
  /** After this share a worker gives up the batches in flight. */
  readonly batchesShare: number;
  /** After this share it leaves its active jobs to others. */
  readonly jobsShare: number;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Each time, from those before it. */
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
  bodyWaitMs: () => 1_000,
  slowBodyMs: (t) => t.promisedMs,
  stalledWriteMs: () => 1_000,
  uploadRemovalMs: (t) => t.answerMs - t.mongoOperationMs - 50,

  gaugesMs: (t) => t.answerMs + 100,
  tellMetricsMs: (t) => t.gaugesMs + 300,
  askMetricsMs: (t) => t.tellMetricsMs + 300,

  redisSilenceMs: () => 5_000,
  openMs: () => 5_000,
  operatorOpenMs: () => 1_000,
  workerOpenMs: (t) => t.redisCommandMs + 500,
  lookMs: () => 1_000,
  looksKeptMs: () => 7 * dayMs,
  clusterAskMs: () => 1_000,

  tokenLeaseMs: (t) => 5 * t.promisedMs,
  shortMarkMs: (t) => 5 * t.promisedMs,
  deletesKeptMs: (t) => 5 * t.promisedMs,
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
  jobsShare: () => 0.75,
};

/** Of usual proxies, for idle connections. */
const proxyKeepAliveMs = 60_000;
/** Prometheus's default for a scrape. */
const scrapeMs = 10_000;
/** A write that was given up is late by the time that a network or a stopped process keeps it, not by its own timeout. */
const muchLonger = 100;

/** What must hold between them, and why. */
const relations = {
  /** A request that is given up must still be answered within the promised time. */
  answerBeforePromise: (t) => t.answerMs + 100 <= t.promisedMs,
  /** A Redis that hangs must be told apart before the request is given up. */
  redisCommandBeforeAnswer: (t) => t.redisCommandMs < t.answerMs,
  /** A MongoDB that hangs must be told apart before the request is given up. */
  mongoOperationBeforeAnswer: (t) => t.mongoOperationMs < t.answerMs,
  /** A write accepted after its client was told 503 would win over a later one. */
  commitBeforeCommand: (t) => t.commitMs < t.redisCommandMs,
  /** A write that is not refused at once must fit into a commit. */
  commitHasTime: (t) => t.leastCommitMs < t.commitMs,
  /** A fresh write has no timer of its own: the commit before it must end while it has time for its own. */
  freshWriteOutlastsCommit: (t) => t.commitMs + t.leastCommitMs <= t.freshWriteMs,
  /** A write that has just come must be fresh, or each would need a timer. */
  freshWriteBeforeAnswer: (t) => t.freshWriteMs < t.answerMs,
  /** A stale read needs time for MongoDB after it has waited for Redis. */
  staleReadHasTime: (t) => t.exactReadMs + t.redisProbeMs + t.storeShareMs <= t.answerMs,
  /** A token whose index is not reached must still be found in MongoDB. */
  tokenIndexLeavesTime: (t) => t.tokenIndexMs + t.storeShareMs <= t.answerMs,
  /** A login whose counter is not reached must still be compared. */
  countingLeavesTime: (t) => t.countMs + t.storeShareMs <= t.answerMs,
  /** A request counts several times, and may wait only once for a store that does not count. */
  countersPauseOutlastsRequest: (t) => t.countersPauseMs >= t.promisedMs,
  /** A write that has waited for room must still reach its store. */
  bodyWaitLeavesTime: (t) => t.bodyWaitMs + t.storeShareMs <= t.answerMs,
  /** A body that waited its turn must not be called slow before those behind it give up. */
  slowBodyOutlastsWait: (t) => t.slowBodyMs > t.bodyWaitMs,
  /** A disk that hangs must show in /readyz before the first write is refused for it. */
  stallShowsBeforeAnswer: (t) => t.stalledWriteMs < t.answerMs,
  /** An upload that fails for an operation which timed out must still be answered. */
  uploadRemovalBeforeAnswer: (t) => t.mongoOperationMs + t.uploadRemovalMs <= t.answerMs,
  /** A dependency that is down is found after answerMs, and its gauge must say so. */
  gaugesOutlastAnswer: (t) => t.gaugesMs > t.answerMs,
  /** A child of a cluster asks its dependencies before it tells its metrics. */
  tellOutlastsGauges: (t) => t.tellMetricsMs > t.gaugesMs,
  /** The primary must answer without a child that hangs before its asker gives up. */
  askOutlastsTell: (t) => t.askMetricsMs > t.tellMetricsMs,
  /** Prometheus must have an answer before it gives up. */
  metricsBeforeScrape: (t) => t.askMetricsMs < scrapeMs,
  /** A connection must not be cut while a command on it has time. */
  silenceOutlastsCommands: (t) => t.redisSilenceMs >= Math.max(t.redisCommandMs, t.workerCommandMs),
  /** A process that starts must try to connect more than once. */
  openTriesTwice: (t) => t.openMs >= 2 * t.redisCommandMs,
  /** An operator must be told soon that Redis is down. */
  operatorIsToldFirst: (t) => t.operatorOpenMs < t.openMs,
  /** A worker must not call Redis down while its first try to connect has time. */
  workerTriesOnce: (t) => t.workerOpenMs > t.redisCommandMs,
  /** A process must soon stop using a Redis that is empty or of another store. */
  looksWithinPromise: (t) => t.lookMs < t.promisedMs,
  /** A count that ends in a long outage would tell of a loss that was none. */
  looksOutlastOutage: (t) => t.looksKeptMs > t.lateWriteMs,
  /** A connection must find its node within its own time to connect. */
  clusterAskBeforeCommand: (t) => t.clusterAskMs < t.redisCommandMs,
  /** An issue must fill the record under the lease that it began with. */
  tokenLeaseOutlastsIssue: (t) => t.tokenLeaseMs >= 3 * t.mongoOperationMs + 2 * t.redisCommandMs,
  /** Between the first step of unregister and the last no write of the account may be accepted. */
  shortMarkOutlastsUnregister: (t) => t.shortMarkMs >= 3 * t.mongoOperationMs + 2 * t.redisCommandMs,
  /** A delete that looked into MongoDB before another one was settled must be told so: only one finds the value. */
  deletesOutlastRequest: (t) => t.deletesKeptMs > t.promisedMs,
  /** An upload must survive one prolonging that fails. */
  uploadLeaseOutlastsRenewal: (t) => t.uploadLeaseMs >= 2 * t.uploadRenewalMs + t.answerMs,
  /** An upload must not be swept while the disk has time to take a part of it. */
  uploadLeaseOutlastsDisk: (t) => t.uploadLeaseMs > t.diskMs,
  /** Reading what is pending must leave a batch time for MongoDB. */
  workerCommandBeforeBatch: (t) => t.workerCommandMs < t.batchMs,
  /** Tombstones and marks live as long as the latest write: that is much later than its timeout. */
  lateWriteOutlastsBatch: (t) => t.lateWriteMs >= muchLonger * Math.max(t.batchMs, t.bulkOperationMs),
  /** A late put that finds no tombstone would bring back a deleted value. */
  tombstoneOutlastsLateWrite: (t) => t.tombstoneMs >= t.lateWriteMs,
  /** What a late write brings back of an erased account must be erased again. */
  erasureOutlastsLateWrite: (t) => t.erasureMs >= t.lateWriteMs,
  /** A pass must find what the batches in flight at the pass before have written. */
  erasurePassAfterBatch: (t) =>
    t.erasurePassesMs.length > 0 && t.erasurePassesMs.every((delayMs) => delayMs >= t.batchMs),
  /** An erasure must have passes before its mark ends. */
  erasurePassBeforeEnd: (t) => t.erasurePassesMs.every((delayMs) => 2 * delayMs <= t.erasureMs),
  /** A MongoDB whose clock is ahead must not remove a live token. */
  expiredOutlastSkew: (t) => t.expiredGraceMs > t.clockSkewMs,
  /** A sweeper must survive one prolonging that fails; its rounds are up to a quarter longer than sweepMs. */
  sweepLeaseOutlastsRound: (t) => t.sweepLeaseMs >= 2.5 * t.sweepMs,
  /** BullMQ prolongs a lock when half of it is over: a live worker must keep its jobs. */
  jobLockOutlastsLook: (t) => t.jobLockMs > 2 * t.stalledJobsMs,
  /** A process must be able to open the directory beside one that is busy. */
  openOutlastsWrites: (t) => t.openLockMs > t.answerMs + t.lockTurnMs,
  /** A process must be able to close the directory beside one that is busy. */
  closeOutlastsTurn: (t) => t.closeLockMs > t.lockTurnMs,
  /** A write must wait out the turn of another process, and have time to be written. */
  lockTurnBeforeAnswer: (t) => t.lockTurnMs + t.storeShareMs <= t.answerMs,
  /** A process that wants the lock must look within each pause. */
  lockPauseIsNoticed: (t) => t.lockRetryMs < t.lockPauseMs,
  /** The room of a broken upload must be free within twice its lease. */
  uploadRoomComesBack: (t) => Math.max(t.sweepMs, t.embeddedSweepMs) <= t.uploadLeaseMs,
  /** A request that is late to arrive must be answered 408 before its connection is cut. */
  lateIsToldBeforeStillness: (t) => t.stillnessMs >= 2 * t.lateCheckMs,
  /** A proxy must end an idle connection first, or it would send a request that is lost. */
  proxyEndsConnections: (t) => t.keepAliveMs > proxyKeepAliveMs,
  /** A process must be able to halt its transactions before it is killed. */
  killOutlastsHalt: (t) => t.killGraceMs > t.haltMs,
  /** Transfers that are ended must be answered before the process ends. */
  transfersLeaveTime: (t) => t.transfersShare < 1,
  /** A worker must give back the jobs of batches that it gave up, before it ends. */
  batchesEndBeforeJobs: (t) => t.batchesShare < t.jobsShare && t.jobsShare < 1,
} as const satisfies Readonly<Record<string, (t: TimeBudget) => boolean>>;

export type RelationName = keyof typeof relations;

export const relationNames = Object.keys(relations) as readonly RelationName[]; // keys of a constant

/**
 * The times, where `given` replaces some of them; those that are derived from these follow. Throws an `Error` that names each relation
 * which does not hold.
 */
export function timeBudget(given: Partial<TimeBudget> = {}): TimeBudget {
  const times: Record<string, unknown> = {};
  for (const [name, derive] of Object.entries(derivations)) {
    times[name] = given[name as keyof TimeBudget] ?? derive(times as unknown as TimeBudget); // those before it are there
  }
  const budget = Object.freeze(times as unknown as TimeBudget); // `derivations` has each member
  const broken = relationNames.filter((name) => !relations[name](budget));
  if (broken.length > 0) throw new Error(`The times do not fit: ${broken.join(', ')}`);
  return budget;
}
