import { STATUS_CODES } from 'node:http';
import type { Context } from 'koa';
import { KeybinError, RateLimitError, routeNotFound, type ErrorCode } from '@keybin/shared/errors.js';
import type { Log } from '@keybin/shared/log.js';
import { answerJson } from '../answers.js';
import { requestIdOf } from '../request-id.js';
import { tellRateLimit } from './rate-limit-fields.js';

const statusOf: Readonly<Record<ErrorCode, number>> = {
  invalid_host: 400,
  body_not_json: 400,
  parameter_missing: 400,
  parameter_not_string: 400,
  parameter_invalid: 400,
  invalid_username: 400,
  invalid_password: 400,
  invalid_identify_code: 400,
  invalid_key: 400,
  key_too_long: 400,
  value_too_deep: 400,
  number_out_of_range: 400,
  invalid_file_name: 400,
  body_not_multipart: 400,
  invalid_credentials: 403,
  invalid_token: 403,
  forbidden: 403,
  route_not_found: 404,
  key_not_found: 404,
  post_not_found: 404,
  file_not_found: 404,
  method_not_allowed: 405,
  account_not_found: 404,
  body_too_slow: 408,
  account_exists: 409,
  body_too_large: 413,
  file_too_large: 413,
  range_not_satisfiable: 416,
  too_many_requests: 429,
  unavailable: 503,
  storage_full: 507,
  account_full: 507,
};

const retryAfterSeconds = '2';
const problemJson = 'application/problem+json';

/** How the errors of a dialect differ from those of the Keybin dialect: they are JSON, `{"error": message}`. */
export interface JsonErrors {
  /** What the paths of its routes begin with, such as `/api`. */
  readonly prefix: string;
  /** The statuses that are others than usual. */
  readonly statuses: Partial<Record<ErrorCode, number>>;
  /** What a 401 asks for: RFC 9110, section 11.6.1. */
  readonly challenge: string;
}

/** Answers what the layers below have thrown. */
export type AnswerError = (ctx: Context, error: unknown) => void;

/**
 * Answers any error, below a prefix of `dialects` as JSON. Which status an error code has is known here
 * and by the dialects alone.
 */
export function answerErrors(log: Log, dialects: readonly JsonErrors[]): AnswerError {
  return (ctx, error) => {
    if (!ctx.writable) return; // the client has gone
    const known = error instanceof KeybinError ? error : unknownError(error, log, requestIdOf(ctx));
    if (known.cause) log.debug({ request: requestIdOf(ctx), err: known.cause }, known.message);
    const path = pathOf(ctx);
    answer(
      ctx,
      known,
      dialects.find(({ prefix }) => path === prefix || path.startsWith(`${prefix}/`)),
    );
  };
}

interface WireError {
  readonly code: ErrorCode | 'internal_error';
  readonly message: string;
  readonly cause?: unknown;
}

function unknownError(error: unknown, log: Log, request: string): WireError {
  if (isInvalidUrl(error)) return routeNotFound(); // a target such as `http://[`; the error quotes it
  log.error({ request, err: error }, 'A request failed');
  return { code: 'internal_error', message: 'Internal server error' };
}

function isInvalidUrl(error: unknown): boolean {
  return error instanceof TypeError && 'code' in error && error.code === 'ERR_INVALID_URL';
}

/** In lower case, since routes are told apart without it. */
function pathOf(ctx: Context): string {
  try {
    return ctx.path.toLowerCase();
  } catch {
    return ''; // a target that is none
  }
}

function answer(ctx: Context, error: WireError, dialect: JsonErrors | undefined): void {
  const { code } = error;
  ctx.status = code === 'internal_error' ? 500 : (dialect?.statuses[code] ?? statusOf[code]);
  if (error instanceof RateLimitError) tellRateLimit(ctx, error);
  else if (ctx.status === 503) ctx.set('Retry-After', retryAfterSeconds);
  if (!dialect) return answerText(ctx, error);
  if (ctx.status === 401) ctx.set('WWW-Authenticate', dialect.challenge);
  answerJson(ctx, JSON.stringify({ error: error.message }));
}

/** As text with the message alone, or as RFC 9457 "Problem Details" to a client that prefers that. */
function answerText(ctx: Context, { code, message }: WireError): void {
  const { status } = ctx;
  ctx.vary('Accept');
  if (ctx.accepts('text/plain', problemJson) === problemJson) {
    ctx.type = problemJson;
    ctx.body = JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status], status, detail: message, code });
  } else {
    ctx.type = 'text/plain; charset=utf-8';
    ctx.body = message;
  }
}
