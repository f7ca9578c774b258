import { STATUS_CODES, type IncomingMessage } from 'node:http';
import accepts from 'accepts';
import { bodyNotJson, EncodingError, RateLimitError, type ErrorCode, type KeybinError } from '@keybin/shared/errors.js';
import { jsonContentType, textContentType } from './answers.js';

export type Dialect = 'keybin' | 'api' | 'v1';

/** Response to a request that failed. */
export interface ErrorAnswer {
  readonly status: number;
  /** Header fields, in the order of sending. `Vary` is added to the fields that the response already varies by. */
  readonly headers: readonly Header[];
  readonly body: string;
}

type Header = readonly [name: string, value: string];

type Statuses = Readonly<Record<ErrorCode, number>>;

const usualStatuses: Statuses = {
  request_not_http: 400,
  invalid_host: 400,
  body_not_json: 400,
  content_type_missing: 400,
  parameter_missing: 400,
  parameter_not_string: 400,
  parameter_invalid: 400,
  invalid_username: 400,
  invalid_password: 400,
  password_too_short: 400,
  invalid_identify_code: 400,
  invalid_key: 400,
  key_too_long: 400,
  value_too_deep: 400,
  number_out_of_range: 400,
  too_many_nodes: 400,
  invalid_file_name: 400,
  file_name_not_utf8: 400,
  body_not_multipart: 400,
  too_many_fields: 400,
  invalid_credentials: 403,
  invalid_token: 403,
  expired_token: 403,
  forbidden: 403,
  registration_closed: 403,
  route_not_found: 404,
  key_not_found: 404,
  post_not_found: 404,
  file_not_found: 404,
  account_not_found: 404,
  method_not_allowed: 405,
  body_too_slow: 408,
  account_exists: 409,
  body_too_large: 413,
  file_too_large: 413,
  encoding_not_supported: 415,
  range_not_satisfiable: 416,
  too_many_requests: 429,
  headers_too_large: 431,
  internal_error: 500,
  transfer_encoding_not_supported: 501,
  unavailable: 503,
  storage_full: 507,
  account_full: 507,
};

interface DialectErrors {
  readonly statuses: Statuses;
  /**
   * Challenge of a 401 (RFC 9110, section 11.6.1). A dialect that has one sends errors as JSON, `{"error": message}`.
   */
  readonly challenge?: string;
}

const dialects: Readonly<Record<Dialect, DialectErrors>> = {
  keybin: { statuses: usualStatuses },
  api: {
    statuses: { ...usualStatuses, account_exists: 400, account_not_found: 400, invalid_credentials: 401 },
    challenge: 'Basic realm="Keybin", charset="UTF-8"',
  },
  v1: {
    statuses: { ...usualStatuses, invalid_credentials: 401, invalid_token: 401, expired_token: 401 },
    challenge: 'Bearer realm="Keybin"',
  },
};

/** Returns the dialect of the routes below `path`, in upper or lower case. */
export function dialectOf(path: string): Dialect {
  if (/^\/api(?:\/|$)/i.test(path)) return 'api';
  return /^\/v1(?:\/|$)/i.test(path) ? 'v1' : 'keybin';
}

/** Returns the response to `error` in a dialect, for a client that sent this `Accept` header. */
export function errorAnswer(error: KeybinError, dialect: Dialect, accept: string | undefined): ErrorAnswer {
  const { statuses, challenge } = dialects[dialect];
  const status = statuses[error.code];
  const content = challenge === undefined ? textOrProblem(error, status, accept) : json(error, status, challenge);
  return { status, headers: [...ownHeaders(error, status), ...content.headers], body: content.body };
}

type Content = Pick<ErrorAnswer, 'headers' | 'body'>;

/** Messages as plain text, where the clients of the original know one message for several errors. */
const textMessages: Partial<Record<ErrorCode, string>> = { content_type_missing: bodyNotJson().message };

const problemJson = 'application/problem+json';

/** Returns the message as plain text, or as RFC 9457 "Problem Details" to a client that prefers them. */
function textOrProblem({ code, message }: KeybinError, status: number, accept: string | undefined): Content {
  const isProblem = prefersProblem(accept);
  return {
    headers: [
      ['Vary', 'Accept'],
      ['Content-Type', isProblem ? problemJson : textContentType],
    ],
    body: isProblem
      ? JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status], status, detail: message, code })
      : (textMessages[code] ?? message),
  };
}

function prefersProblem(accept: string | undefined): boolean {
  const request = { headers: { accept } } as IncomingMessage; // `accepts` reads nothing else
  return accepts(request).type('text/plain', problemJson) === problemJson;
}

function json({ message }: KeybinError, status: number, challenge: string): Content {
  const headers: Header[] = status === 401 ? [['WWW-Authenticate', challenge]] : [];
  return { headers: [...headers, ['Content-Type', jsonContentType]], body: JSON.stringify({ error: message }) };
}

const unavailableRetrySeconds = 2;

/** Returns the headers that belong to an error in every dialect. */
function ownHeaders(error: KeybinError, status: number): Header[] {
  if (error instanceof EncodingError) return [['Accept-Encoding', error.accepted]]; // RFC 9110, section 15.5.16
  return retryHeaders(error, status);
}

/**
 * Returns the headers that tell a refused client when to try again: `Retry-After` (RFC 9110, section 10.2.3). A rate
 * limit adds the fields of draft-ietf-httpapi-ratelimit-headers-10, which are lists of structured fields (RFC 9651).
 */
function retryHeaders(error: KeybinError, status: number): Header[] {
  if (!(error instanceof RateLimitError)) {
    return status === 503 ? [['Retry-After', String(unavailableRetrySeconds)]] : [];
  }
  const { limitName, limit, resetsInMs } = error;
  const seconds = Math.max(1, Math.ceil(resetsInMs / 1_000));
  return [
    ['Retry-After', String(seconds)],
    ['RateLimit', `"${limitName}";r=0;t=${seconds}`],
    ['RateLimit-Policy', `"${limitName}";q=${limit.count};w=${limit.windowSeconds}`],
  ];
}
