import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { checkSettings } from '@keybin/shared/config/check-settings.js';
import { ConfigError } from '@keybin/shared/config/config-error.js';
import { relationNames, timeBudget, type RelationName, type TimeBudget } from '@keybin/shared/time-budget.js';

const dayMs = 86_400_000;
const times = timeBudget();

/** Changes that each break one relation, just past its bound. */
const past: { readonly [Name in RelationName]: readonly Partial<TimeBudget>[] } = {
  answerBeforePromise: [{ answerMs: 1_901 }, { promisedMs: 1_899, answerMs: 1_800 }],
  redisCommandBeforeAnswer: [{ redisCommandMs: 1_800 }],
  mongoOperationBeforeAnswer: [{ mongoOperationMs: 1_800 }],
  commitBeforeCommand: [{ commitMs: 1_500 }, { redisCommandMs: 1_400, commitMs: 1_400 }],
  commitHasTime: [{ leastCommitMs: 1_400 }],
  freshWriteOutlastsCommit: [{ freshWriteMs: 1_649 }, { leastCommitMs: 301 }, { commitMs: 1_451 }],
  freshWriteBeforeAnswer: [{ freshWriteMs: 1_800 }],
  staleReadHasTime: [{ exactReadMs: 1_151 }, { redisProbeMs: 301 }, { storeShareMs: 651 }],
  tokenIndexLeavesTime: [{ tokenIndexMs: 1_301 }],
  countingLeavesTime: [{ countMs: 1_301 }],
  countersPauseOutlastsRequest: [{ countersPauseMs: 1_999 }],
  rightPasswordOutlastsLine: [{ rightPasswordMs: 1_999 }],
  bodyWaitLeavesTime: [{ bodyWaitMs: 1_301 }],
  slowBodyOutlastsWait: [{ slowBodyMs: 1_000 }],
  stallShowsBeforeAnswer: [{ stalledWriteMs: 1_800 }],
  uploadRemovalBeforeAnswer: [{ uploadRemovalMs: 301 }],
  gaugesOutlastAnswer: [{ gaugesMs: 1_800 }],
  tellOutlastsGauges: [{ tellMetricsMs: 1_900 }],
  askOutlastsTell: [{ askMetricsMs: 2_200 }],
  metricsBeforeScrape: [{ askMetricsMs: 10_000 }],
  readinessIsFresh: [{ monitoringMs: 2_000 }],
  reconnectsInTime: [{ reconnectMs: 501 }],
  silenceOutlastsCommands: [{ redisSilenceMs: 4_999 }],
  openTriesTwice: [{ openMs: 2_999 }],
  operatorIsToldFirst: [{ operatorOpenMs: 5_000 }],
  looksWithinPromise: [{ lookMs: 2_000 }],
  processOutlastsLooks: [{ processGoneMs: 2_000 }, { processGoneMs: 8 * dayMs }],
  looksOutlastOutage: [{ looksKeptMs: dayMs }],
  clusterAskBeforeCommand: [{ clusterAskMs: 1_500 }],
  tokenLeaseOutlastsIssue: [{ tokenLeaseMs: 7_499 }],
  shortMarkOutlastsUnregister: [{ shortMarkMs: 7_499 }],
  uploadLeaseOutlastsRenewal: [{ uploadRenewalMs: 9_101 }],
  uploadLeaseOutlastsDisk: [{ diskMs: 20_000 }, { uploadLeaseMs: 10_000, diskMs: 10_000 }],
  workerCommandBeforeBatch: [{ workerCommandMs: 10_000 }],
  lateWriteOutlastsBatch: [{ lateWriteMs: 5_999_999 }, { batchMs: 864_001 }, { bulkOperationMs: 864_001 }],
  tombstoneOutlastsLateWrite: [{ tombstoneMs: dayMs - 1 }],
  erasureOutlastsLateWrite: [{ erasureMs: dayMs - 1 }],
  erasurePassAfterBatch: [{ erasurePassesMs: [] }, { erasurePassesMs: [9_999] }],
  erasurePassBeforeEnd: [{ erasurePassesMs: [dayMs / 2 + 1] }],
  expiredOutlastSkew: [{ expiredGraceMs: 5_000 }, { clockSkewMs: 3_600_000 }],
  sweepLeaseOutlastsRound: [{ sweepLeaseMs: 4_999 }],
  jobLockOutlastsLook: [{ jobLockMs: 2_000 }, { stalledJobsMs: 2_500 }],
  openOutlastsWrites: [{ openLockMs: 2_300 }],
  closeOutlastsTurn: [{ closeLockMs: 500 }],
  lockTurnBeforeAnswer: [{ lockTurnMs: 1_301 }],
  lockPauseIsNoticed: [{ lockRetryMs: 3 }, { lockPauseMs: 1 }],
  uploadRoomComesBack: [{ sweepMs: 20_001 }, { embeddedSweepMs: 20_001 }],
  lateIsToldBeforeStillness: [{ stillnessMs: 1_999 }, { lateCheckMs: 1_001, stillnessMs: 2_000 }],
  proxyEndsConnections: [{ keepAliveMs: 60_000 }],
  killOutlastsHalt: [{ haltMs: 2_000 }, { killGraceMs: 200 }],
  transfersLeaveTime: [{ transfersShare: 1 }],
  batchesEndBeforeJobs: [{ batchesShare: 0.75 }, { drainedJobsShare: 1 }, { drainedJobsShare: 0.5 }],
};

/** Times that are bound by settings. A test below covers them. */
const boundBySettings = ['idleGraceMs', 'echoedSignalMs'];

describe('the time budget', () => {
  it('fulfils each relation', () => {
    expect(times).to.include({ promisedMs: 2_000, answerMs: 1_800, commitMs: 1_400, tombstoneMs: dayMs });
    expect(Object.isFrozen(times)).to.equal(true);
  });

  for (const name of relationNames) {
    for (const change of past[name]) {
      it(`breaks a relation with ${JSON.stringify(change)}: ${name}`, () => {
        expect(() => timeBudget(change)).to.throw(new RegExp(`\\b${name}\\b`));
      });
    }
  }

  it('bounds each time', () => {
    const changed = new Set(Object.values(past).flatMap((changes) => changes.flatMap(Object.keys)));
    expect(Object.keys(times).filter((name) => !changed.has(name))).to.have.members(boundBySettings);
  });

  it('names each relation that does not hold', () => {
    expect(() => timeBudget({ commitMs: 1_500, freshWriteMs: 1_799, tombstoneMs: 0 })).to.throw(
      /^These relations between times do not hold: commitBeforeCommand, tombstoneOutlastsLateWrite$/,
    );
  });

  it('derives times from changed ones', () => {
    const { answerMs, commitMs, tokenLeaseMs } = timeBudget({ promisedMs: 3_000 });
    expect({ answerMs, commitMs, tokenLeaseMs }).to.deep.equal({
      answerMs: 2_800,
      commitMs: 2_400,
      tokenLeaseMs: 15_000,
    });
  });

  it('is checked against the settings', () => {
    const given = new Map([['LIMITS.drain_timeout', { text: '1', origin: 'test' }]]);
    const problems = (change: Partial<TimeBudget>) => {
      try {
        checkSettings({ given, problems: [] }, timeBudget(change));
        return '';
      } catch (error) {
        if (error instanceof ConfigError) return error.problems.join();
        throw error;
      }
    };
    expect(problems({})).to.equal('');
    expect(problems({ transfersShare: 0.75 })).to.match(
      /^\[LIMITS\] drain_timeout is 1; accepted: more than 1 seconds/,
    );
    for (const name of boundBySettings) expect(problems({ [name]: 1_000 })).to.include('drain_timeout');
  });
});

/** Times that no other time depends on, and the reason. */
const details: Readonly<Record<string, string>> = {
  'shared/src/batching/group-pacing.ts longestHoldMs': 'a turn of the event loop',
  'shared/src/config/settings.ts tenYearsSeconds': 'the bound of a setting',
  'shared/src/engines/embedded/transactions/reads.ts longReadsMs': 'a share of a turn of the event loop',
  'shared/src/engines/scale-out/entries/token-checked-steps.ts maxPauseMs': 'a pause between tries',
  'shared/src/engines/scale-out/redis/slot-connector.ts disconnectTimeoutMs': 'of a socket that is given up',
  'shared/src/engines/scale-out/tokens/tokens.ts leasePollMs': 'a pause between tries',
  'shared/src/process/reconnect-pause.ts stepMs': 'a pause between tries',
  'api/src/cluster/children.ts firstRestartDelayMs': 'a pause between tries',
  'api/src/cluster/children.ts maxRestartDelayMs': 'a pause between tries',
  'api/src/cluster/children.ts steadyAfterMs': 'a pause between tries',
  'api/src/answers/error-answer.ts unavailableRetrySeconds': 'advice to clients',
  'api/src/identify-codes/webhook.ts answerMs': 'part of [V1] webhook_timeout',
  'api/src/identify-codes/webhook.ts firstPauseMs': 'a pause between tries',
  'api/src/identify-codes/webhook.ts leastTryMs': 'part of [V1] webhook_timeout',
  'api/src/middleware/cors.ts preflightSeconds': 'a cache of browsers',
  'api/src/accounts/rate-limits.ts knownAddressSeconds': 'a rule for logins',
  'api/src/server/raw-answers.ts lingerMs': 'of a connection that was answered',
  'api/src/routes/v1/files.ts lingerMs': 'of a connection that was answered',
  'worker/src/apply/job-batcher.ts repeatPauseMs': 'of writes that are acknowledged',
  'worker/src/monitoring/monitoring.ts requestTimeoutMs': 'of requests without a body',
  'worker/src/apply/retry.ts firstPauseMs': 'a pause between tries',
  'worker/src/apply/retry.ts longestPauseMs': 'a pause between tries',
  'shared/src/process/until-reachable.ts pauseMs': 'a pause between tries',
  'shared/src/process/until-reachable.ts repeatLogMs': 'how often a line is repeated',
};

describe('a time', () => {
  it('is in the time budget, or is a detail of its file', () => {
    const files = sources('.ts').filter(([file]) => file !== 'shared/src/time-budget.ts');
    const found = files.flatMap(([file, text]) =>
      Array.from(
        text.matchAll(/^\s*(?:export )?const (\w+(?:Ms|Us|Seconds)) = (?=\d)/gm),
        ([, name]) => `${file} ${name}`,
      ),
    );
    expect(found).to.have.members(Object.keys(details));
  });

  it('is given to a Lua script as an argument', () => {
    const scripts = sources('.lua').map(([, text]) => text.replace(/--.*|'[^']*'/g, ''));
    const numbers = new Set(scripts.join('\n').match(/\b\d{3,}\b/g));
    // Units of a second, and the code of ~
    expect([...numbers]).to.have.members(['1000000', '1000', '126']);
  });
});

function sources(extension: string): [file: string, text: string][] {
  const root = fileURLToPath(new URL('../../../../', import.meta.url));
  return ['shared/src', 'shared/lua', 'api/src', 'worker/src', 'cli/src', 'procfile/src'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith(extension))
      .map((name): [string, string] => [`${folder}/${name}`, readFileSync(join(root, folder, name), 'utf8')]),
  );
}
