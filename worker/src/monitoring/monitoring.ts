import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Registry } from 'prom-client';
import { atMostEvery } from '@keybin/shared/batching/at-most-every.js';
import { bearerMatches } from '@keybin/shared/metrics/bearer-matches.js';
import type { Config } from '@keybin/shared/config/config.js';
import { unavailable } from '@keybin/shared/errors.js';
import { describeHealth, type Health } from '@keybin/shared/ports/health.js';
import { listen } from '@keybin/shared/process/listen.js';
import type { Lifecycle } from '@keybin/shared/process/lifecycle.js';
import type { Log } from '@keybin/shared/process/log.js';
import type { WorkerMetrics } from './worker-metrics.js';

/** State that a worker exposes while it runs. */
export interface Monitored {
  readonly settings: Config['metrics'];
  readonly readMetrics: () => Promise<string>;
  /** Checks the worker's dependencies within 2 s. Returns `undefined` until it has connected. Never throws. */
  readonly health: () => Promise<Health | undefined>;
  readonly isDraining: () => boolean;
  /** Returns when the worker last applied a batch, if ever. */
  readonly lastBatchAt: () => Date | undefined;
  readonly log: Log;
}

export interface Monitoring {
  /** Base URL such as `http://127.0.0.1:5001`. */
  readonly address: string;
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

const requestTimeoutMs = 10_000;

/** Serves `/metrics`, `/livez` and `/readyz` of a worker. Throws if the port is taken. */
export async function openMonitoring(monitored: Monitored, host: string, port: number): Promise<Monitoring> {
  const options = { requestTimeout: requestTimeoutMs, headersTimeout: requestTimeoutMs };
  const server = createServer(options, (request, response) => void respond(request, response, monitored));
  return {
    address: await listen(server, port, host, 'WORKER'),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections(); // clients will ask again
      }),
  };
}

async function respond(request: IncomingMessage, response: ServerResponse, monitored: Monitored): Promise<void> {
  const { status, body, headers } = await answerTo(request, monitored).catch((error: unknown) => {
    monitored.log.error({ err: error }, 'Metrics or health could not be read');
    return text(503, unavailable().message);
  });
  response.writeHead(status, {
    'Cache-Control': 'no-store',
    'Content-Length': Buffer.byteLength(body),
    ...headers,
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

async function answerTo({ method, url, headers }: IncomingMessage, monitored: Monitored): Promise<Answer> {
  const path = url?.split('?', 1)[0] ?? '';
  const route = routeOf(path, monitored);
  if (!route) return text(404, 'Not found');
  if (method !== 'GET' && method !== 'HEAD') return text(405, 'Method not allowed', { Allow: 'HEAD, GET' });
  return route(monitored, headers.authorization);
}

type Route = (monitored: Monitored, authorization: string | undefined) => Promise<Answer>;

function routeOf(path: string, { settings }: Monitored): Route | undefined {
  if (path === '/livez') return livez;
  if (path === '/readyz') return readyz;
  return path === '/metrics' && settings.enabled ? metricsRoute : undefined;
}

const livez: Route = async () => json(200, { status: 'live' });

/** Answers 200 on an empty queue, too: an idle worker is healthy. */
const readyz: Route = async ({ health, isDraining, lastBatchAt }) => {
  const known = isDraining() ? undefined : await health();
  if (isDraining()) return json(503, { status: 'draining' });
  if (!known) return json(503, { status: 'starting' });
  const last = lastBatchAt()?.toISOString() ?? null;
  return json(known.canServe ? 200 : 503, { ...describeHealth(known), last_batch_at: last });
};

const metricsRoute: Route = async ({ settings, readMetrics }, authorization) => {
  if (!bearerMatches(authorization, settings.token)) {
    return text(401, 'Metrics need a token', { 'WWW-Authenticate': 'Bearer realm="Keybin metrics"' });
  }
  return { status: 200, body: await readMetrics(), headers: { 'Content-Type': Registry.PROMETHEUS_CONTENT_TYPE } };
};

function json(status: number, body: object): Answer {
  return { status, body: JSON.stringify(body), headers: { 'Content-Type': 'application/json; charset=utf-8' } };
}

function text(status: number, body: string, headers: Answer['headers'] = {}): Answer {
  return { status, body, headers: { 'Content-Type': 'text/plain; charset=utf-8', ...headers } };
}

export interface MonitorParts extends Pick<Monitored, 'health'> {
  readonly metrics: WorkerMetrics;
}

/**
 * Listens on `[WORKER] port`, if it is set, from before the worker connects until it has drained. Throws if the port is
 * taken.
 */
export async function startMonitoring(
  { worker: { host, port }, metrics: settings, times }: Config,
  { metrics, health }: MonitorParts,
  lifecycle: Lifecycle,
  log: Log,
): Promise<void> {
  if (port === undefined) return;
  const monitored = {
    settings,
    health: atMostEvery(times.monitoringMs, health),
    readMetrics: atMostEvery(times.monitoringMs, () => metrics.registry.metrics()),
    isDraining: () => lifecycle.ending,
    lastBatchAt: () => metrics.lastBatchAt,
    log,
  };
  const monitoring = await openMonitoring(monitored, host, port);
  lifecycle.push('monitoring', () => monitoring.close());
  log.info(`Worker serves /metrics, /livez and /readyz on ${monitoring.address}`);
}
