import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Log } from '@keybin/shared/process/log.js';
import type { Engine } from '@keybin/shared/ports/engine.js';
import { TurnBatch } from '@keybin/shared/batching/turn-batch.js';
import type { AnswerMemory } from '../../answers/answer-memory.js';
import { jsonContentType } from '../../answers/answers.js';
import { errorAnswer, type ErrorAnswer } from '../../answers/error-answer.js';
import { loggedError } from '../../answers/logged-error.js';
import { decodeText, smallBodyBytes } from '../../bodies/body.js';
import { hostProblem } from '../../requests/host.js';
import { rawHeader } from '../../requests/raw-header.js';
import type { RequestDurations } from '../../metrics/request-durations.js';
import { newRequestId } from '../../requests/request-id.js';
import { okJson } from './answers.js';
import { warnStale } from './warn-stale.js';
import { entryRoute, valueParameter } from './parameters.js';
import { securityHeaders } from '../../answers/security-headers.js';
import { readValue, storeValue } from '../../use-cases/entries.js';

export interface FastEntriesParts {
  readonly engine: Engine;
  readonly answers: AnswerMemory;
  readonly durations: RequestDurations;
  /** Largest body in bytes, and so largest value as JSON text. */
  readonly bodyLimitBytes: number;
  /** Most JSON values in a body, if there is a limit. */
  readonly valueNodes?: number | undefined;
  readonly log: Log;
}

/** Path without a query, with a token and a key that need no decoding. */
const plainPath = /^\/user\/([0-9a-f-]{36})\/store\/([\w.,]+)$/;
const plainJson = /^application\/json(?:; ?charset=utf-8)?$/i;

/** Headers in the form that `writeHead` takes: names and values in turn. */
const securityFields = securityHeaders.flat();
/** Headers that `eachRequest` and `answerJson` set one by one. */
const okFields = ['Content-Type', jsonContentType, ...securityFields];

/**
 * Serves plain reads and writes of a value. It passes all other requests on to `koa`, untouched. Most requests are
 * plain, and Koa's context, router and body parser take more time than all the rest of such a request.
 *
 * It decides nothing differently from `koa`: the same use cases do the work, and `errorAnswer` makes the response to an
 * error.
 */
export function fastEntries(parts: FastEntriesParts, koa: RequestListener): RequestListener {
  const { answers: memory, bodyLimitBytes, durations, engine, log, valueNodes } = parts;
  const bodies = new TurnBatch<IncomingMessage, Buffer | undefined>((requests) => requests.map(arrivedBody));

  async function store(request: IncomingMessage, { token, key }: Plain, requestId: string): Promise<string> {
    const { answers, position } = bodies.join(request);
    const body = (await answers)[position] ?? (await bodyOf(request));
    const json = valueParameter(decodeText(body, valueNodes), bodyLimitBytes);
    await storeValue(engine, token, { key, json }, requestId);
    return okJson;
  }

  async function read(response: ServerResponse, { token, key }: Plain): Promise<string> {
    const json = await readValue(engine, token, key, {
      onStale: () => warnStale(response),
      onValue: (userId, length) => memory.hold(response, userId, length),
    });
    return `{"value":${json}}`;
  }

  async function serve(request: IncomingMessage, response: ServerResponse, plain: Plain): Promise<void> {
    const startedMs = performance.now();
    const requestId = newRequestId(rawHeader(request, 'x-request-id'));
    let json: string | undefined;
    try {
      json = await (plain.method === 'GET' ? read(response, plain) : store(request, plain, requestId));
    } catch (error) {
      const own = loggedError(error, log, requestId);
      answerError(response, requestId, errorAnswer(own, 'keybin', request.headers.accept));
    }
    if (json !== undefined) answerOk(response, requestId, json);
    durations.add(entryRoute, plain.method, response.statusCode, (performance.now() - startedMs) / 1_000);
  }

  return (request, response) => {
    const plain = plainOf(request, bodyLimitBytes);
    if (!plain) return koa(request, response);
    serve(request, response, plain).catch((error: unknown) => {
      log.error({ err: error }, 'A response could not be sent');
      response.destroy();
    });
  };
}

/** Plain read or write. */
interface Plain {
  readonly method: 'GET' | 'POST';
  readonly token: string;
  readonly key: string;
}

function plainOf(request: IncomingMessage, limitBytes: number): Plain | undefined {
  const { method } = request;
  const [, token, key] = plainPath.exec(request.url ?? '') ?? [];
  if (token === undefined || key === undefined || hostProblem(request)) return undefined;
  const bytes = plainBodyBytes(request, limitBytes);
  if (method === 'GET' && bytes === 0) return { method, token, key };
  const isWrite = method === 'POST' && bytes !== undefined && bytes > 0;
  return isWrite && plainJson.test(rawHeader(request, 'content-type') ?? '') ? { method, token, key } : undefined;
}

/**
 * Returns the length of a body, or 0 without one. Returns `undefined` for a body that is encoded, of undeclared length,
 * or too large.
 */
function plainBodyBytes(request: IncomingMessage, limitBytes: number): number | undefined {
  const isEncoded = ['transfer-encoding', 'content-encoding'].some((name) => rawHeader(request, name) !== undefined);
  if (isEncoded) return undefined;
  const bytes = Number(rawHeader(request, 'content-length') ?? 0);
  return bytes <= Math.min(smallBodyBytes, limitBytes) ? bytes : undefined;
}

/**
 * Returns the body if all of it has arrived. Most bodies come in one packet with their headers, and reading them as
 * streams takes a tenth of a write.
 */
function arrivedBody(request: IncomingMessage): Buffer | undefined {
  return request.complete ? ((request.read() as Buffer | null) ?? undefined) : undefined; // no encoding is set
}

/** Resolves with the body. Never settles if the client disconnects, because then nobody waits for a response. */
function bodyOf(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => resolve(Buffer.concat(chunks)));
  });
}

function answerOk(response: ServerResponse, requestId: string, json: string): void {
  response.writeHead(200, okFields.concat('X-Request-Id', requestId, 'Content-Length', lengthOf(json)));
  response.end(json);
}

function answerError(response: ServerResponse, requestId: string, { status, headers, body }: ErrorAnswer): void {
  const fields = ['X-Request-Id', requestId, ...securityFields, ...headers.flat(), 'Content-Length', lengthOf(body)];
  response.writeHead(status, fields);
  response.end(body);
}

const lengthOf = (body: string) => String(Buffer.byteLength(body));
