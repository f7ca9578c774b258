import cluster from 'node:cluster';
import type { IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { registrationRisks } from '@keybin/shared/accounts/registration-risks.js';
import type { Config } from '@keybin/shared/config/config.js';
import { openEngine } from '@keybin/shared/engines/open-engine.js';
import type { Log } from '@keybin/shared/process/log.js';
import { untilReachable } from '@keybin/shared/process/until-reachable.js';
import { collectCertificateMetrics } from '@keybin/shared/metrics/certificate-metrics.js';
import { collectDependencyMetrics } from '@keybin/shared/metrics/dependency-metrics.js';
import { AnswerMemory } from './answers/answer-memory.js';
import { apiLifecycle } from './api-lifecycle.js';
import { ApiMetrics } from './metrics/api-metrics.js';
import { createApp } from './app.js';
import { readClusterMetrics } from './cluster/cluster-metrics.js';
import { codeKey } from './identify-codes/code.js';
import { openDelivery } from './identify-codes/open-delivery.js';
import { openDashboard } from './dashboard/open-dashboard.js';
import { formLimitBytes, isForm } from './bodies/upload-form.js';
import { fastEntries } from './routes/keybin/fast-entries.js';
import { HttpServer } from './server/server.js';
import { Transfers } from './requests/transfers.js';
import { SignedTokens, signingSecret } from './accounts/signed-tokens.js';

export interface Api {
  /** URL at which it listens, for example `http://127.0.0.1:5000`. */
  readonly address: string;
  /** Location of the data, and name of the engine. */
  readonly data: string;
  /** Finishes accepted requests, then closes everything. May be called twice. */
  close(): Promise<void>;
}

/**
 * Opens the engine and serves HTTP. Waits while what the engine needs is down, and throws if either fails. Pushes what
 * it opens to `lifecycle`, which closes the last one first: readiness (`/readyz` says 503), transfers, server,
 * dashboard, delivery, engine.
 */
export async function startApi(config: Config, log: Log, lifecycle = apiLifecycle(config, log)): Promise<Api> {
  const { requestTimeoutSeconds, drainDelaySeconds, drainTimeoutSeconds, transfersAtOnce } = config.limits;
  const { bodyBytes, fileBytes, valueNodes } = config.limits;
  const requestTimeoutMs = requestTimeoutSeconds * 1_000;
  const { times } = config;
  try {
    for (const { says, remedy } of registrationRisks(config)) log.warn({ remedy }, says);
    const metrics = new ApiMetrics();
    collectCertificateMetrics(metrics, config);
    const opening = new AbortController();
    lifecycle.push('opening', () => opening.abort());
    const reached = <T>(step: () => Promise<T>) => untilReachable(step, log, opening.signal);
    const descriptors = metrics.watchDescriptors(log, times);
    lifecycle.push('descriptor watch', () => descriptors.close());
    const observer = { ...metrics.writes, ...metrics.invariantObserver(log) };
    const engine = await openEngine(config, log, { observer, waiting: opening.signal });
    lifecycle.push(
      'engine',
      async () => engine.close(),
      async () => engine.halt?.(),
    );
    collectDependencyMetrics(metrics, {
      health: () => engine.health(),
      backlog: engine.backlog && (() => engine.backlog?.() ?? Promise.resolve([])),
      timeoutMs: times.gaugesMs,
    });
    let isDraining = false;
    const secret = await reached(() => signingSecret(config.accounts, engine.secrets));
    const signedTokens = new SignedTokens(secret, config.accounts.signedTokenExpirationSeconds);
    const delivery = await openDelivery(config.v1, log);
    lifecycle.push('delivery of identify codes', async () => delivery.close());
    const key = await reached(() => codeKey(engine.secrets));
    const { codeDelivery, codeExpirationSeconds: lifetimeSeconds } = config.v1;
    const codes = { key, delivery, lifetimeSeconds, reachOthers: codeDelivery !== 'response' };
    const readMetrics = cluster.worker
      ? readClusterMetrics(cluster.worker, metrics.registry, times.askMetricsMs)
      : async () => metrics.registry.metrics();
    const answers = new AnswerMemory(config.limits.answersBytes);
    const transfers = new Transfers({ atOnce: transfersAtOnce, idleMs: requestTimeoutMs });
    const dashboard = await reached(() => openDashboard(config, log, lifecycle));
    const app = createApp({
      config,
      engine,
      log,
      signedTokens,
      answers,
      transfers,
      codes,
      metrics,
      readMetrics,
      dashboard,
      isDraining: () => isDraining,
    });
    const mayTakeLong = (request: IncomingMessage) => transfers.isUpload(request);
    // A form for another route than that of uploads is refused without being read
    const mayContinue = ({ headers }: IncomingMessage) =>
      Number(headers['content-length'] ?? 0) <= (isForm(headers) ? formLimitBytes(fileBytes) : bodyBytes);
    const listener = isPlain(config, log)
      ? fastEntries(
          { engine, answers, durations: metrics.requests, bodyLimitBytes: bodyBytes, valueNodes, log },
          app.callback(),
        )
      : app.callback();
    const server = new HttpServer(listener, { requestTimeoutMs, mayTakeLong, mayContinue, times });
    const address = await server.listen(config.app.port, config.app.host);
    lifecycle.push('server', async () => server.close());
    lifecycle.push('transfers', () => {
      // The rest of the time is for their responses, and for removing what has arrived of uploads
      setTimeout(() => transfers.endAll(), drainTimeoutSeconds * 1_000 * times.transfersShare).unref();
    });
    lifecycle.push('readiness', async () => {
      isDraining = true;
      // A load balancer that has not checked again would still connect to a port that nobody listens on
      if (drainDelaySeconds > 0) await delay(drainDelaySeconds * 1_000);
    });
    return {
      address,
      data: `${engine.location} (${engine.name})`,
      close: async () => lifecycle.drain(),
    };
  } catch (error) {
    await lifecycle.drain();
    throw error;
  }
}

/**
 * True if the key/value interface is served, and its responses need nothing that only Koa's middleware adds: a line in
 * the log, or the headers for pages of other origins.
 */
function isPlain({ app }: Config, log: Log): boolean {
  return app.dialects.includes('keybin') && app.corsOrigins.length === 0 && !log.isLevelEnabled('debug');
}
