import { expect } from 'chai';
import { dialectOf, errorAnswer, type Dialect } from '@keybin/api/answers/error-answer.js';
import { EncodingError, KeybinError, RateLimitError, type ErrorCode } from '@keybin/shared/errors.js';

/** Statuses of the contract in the key/value dialect, and in other dialects where they differ. */
const statuses: Readonly<Record<ErrorCode, { readonly keybin: number; readonly api?: number; readonly v1?: number }>> =
  {
    request_not_http: { keybin: 400 },
    headers_too_large: { keybin: 431 },
    invalid_host: { keybin: 400 },
    body_not_json: { keybin: 400 },
    content_type_missing: { keybin: 400 },
    body_too_large: { keybin: 413 },
    encoding_not_supported: { keybin: 415 },
    parameter_missing: { keybin: 400 },
    parameter_not_string: { keybin: 400 },
    parameter_invalid: { keybin: 400 },
    invalid_username: { keybin: 400 },
    invalid_password: { keybin: 400 },
    password_too_short: { keybin: 400 },
    invalid_credentials: { keybin: 403, api: 401, v1: 401 },
    invalid_identify_code: { keybin: 400 },
    invalid_token: { keybin: 403, v1: 401 },
    expired_token: { keybin: 403, v1: 401 },
    invalid_key: { keybin: 400 },
    key_too_long: { keybin: 400 },
    key_not_found: { keybin: 404 },
    post_not_found: { keybin: 404 },
    file_not_found: { keybin: 404 },
    file_too_large: { keybin: 413 },
    invalid_file_name: { keybin: 400 },
    file_name_not_utf8: { keybin: 400 },
    body_not_multipart: { keybin: 400 },
    too_many_fields: { keybin: 400 },
    range_not_satisfiable: { keybin: 416 },
    body_too_slow: { keybin: 408 },
    account_full: { keybin: 507 },
    forbidden: { keybin: 403 },
    registration_closed: { keybin: 403 },
    value_too_deep: { keybin: 400 },
    number_out_of_range: { keybin: 400 },
    too_many_nodes: { keybin: 400 },
    account_exists: { keybin: 409, api: 400 },
    account_not_found: { keybin: 404, api: 400 },
    route_not_found: { keybin: 404 },
    method_not_allowed: { keybin: 405 },
    too_many_requests: { keybin: 429 },
    internal_error: { keybin: 500 },
    transfer_encoding_not_supported: { keybin: 501 },
    unavailable: { keybin: 503 },
    storage_full: { keybin: 507 },
  };

/** Messages of the contract that plain text has whatever the error says. */
const textMessages: ReadonlyMap<ErrorCode, string> = new Map([
  ['content_type_missing', 'Request body is not JSON or is empty'],
]);

const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  413: 'Payload Too Large',
  415: 'Unsupported Media Type',
  416: 'Range Not Satisfiable',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  503: 'Service Unavailable',
  507: 'Insufficient Storage',
};

const challenges: Readonly<Record<Exclude<Dialect, 'keybin'>, string>> = {
  api: 'Basic realm="Keybin", charset="UTF-8"',
  v1: 'Bearer realm="Keybin"',
};

/** True for headers by which a client prefers problem details to text. */
const prefersProblem = new Map([
  [undefined, false],
  ['', false],
  ['*/*', false],
  ['text/html', false],
  ['application/json', false],
  ['application/problem+json;q=0', false],
  ['application/problem+json', true],
  ['application/*', true],
  ['text/html, application/problem+json', true],
  ['text/plain;q=0.5, application/problem+json', true],
  ['text/plain, application/problem+json;q=0.5', false],
]);

const codes = Object.keys(statuses) as ErrorCode[]; // the keys of a literal
const errorOf = (code: ErrorCode, message: string) =>
  code === 'encoding_not_supported' ? new EncodingError('gzip', message) : new KeybinError(code, message);

function ownHeaders(status: number): string[][] {
  if (status === 415) return [['Accept-Encoding', 'gzip']];
  return status === 503 ? [['Retry-After', '2']] : [];
}

describe('The answer to an error', () => {
  for (const [accept, isProblem] of prefersProblem) {
    it(`is ${isProblem ? 'a problem' : 'text'} in the Keybin dialect for Accept: ${accept ?? '(none)'}`, () => {
      for (const code of codes) {
        const status = statuses[code].keybin;
        const problem = { type: 'about:blank', title: titles[status], status, detail: 'Té "st"', code };
        const type = isProblem ? 'application/problem+json' : 'text/plain; charset=utf-8';
        expect(errorAnswer(errorOf(code, 'Té "st"'), 'keybin', accept), code).to.deep.equal({
          status,
          headers: [...ownHeaders(status), ['Vary', 'Accept'], ['Content-Type', type]],
          body: isProblem ? JSON.stringify(problem) : (textMessages.get(code) ?? 'Té "st"'),
        });
      }
    });

    it(`is JSON in the other dialects for Accept: ${accept ?? '(none)'}`, () => {
      for (const dialect of ['api', 'v1'] as const) {
        for (const code of codes) {
          const status = statuses[code][dialect] ?? statuses[code].keybin;
          const challenge = status === 401 ? [['WWW-Authenticate', challenges[dialect]]] : [];
          expect(errorAnswer(errorOf(code, 'Té "st"'), dialect, accept), `${dialect} ${code}`).to.deep.equal({
            status,
            headers: [...ownHeaders(status), ...challenge, ['Content-Type', 'application/json; charset=utf-8']],
            body: '{"error":"Té \\"st\\""}',
          });
        }
      }
    });
  }

  it('says in every dialect when a rate limit resets, in whole seconds and at least one', () => {
    for (const [resetsInMs, seconds] of [
      [0, 1],
      [1_000, 1],
      [1_001, 2],
    ] as const) {
      const error = new RateLimitError('registrations', { count: 10, windowSeconds: 3_600 }, resetsInMs);
      for (const dialect of ['keybin', 'api', 'v1'] as const) {
        const { status, headers } = errorAnswer(error, dialect, undefined);
        expect(status).to.equal(429);
        expect(headers.slice(0, 3)).to.deep.equal([
          ['Retry-After', String(seconds)],
          ['RateLimit', `"registrations";r=0;t=${seconds}`],
          ['RateLimit-Policy', '"registrations";q=10;w=3600'],
        ]);
      }
    }
  });
});

describe('The dialect of a path', () => {
  it('is determined by its first segment, in any case', () => {
    const paths = { api: ['/api', '/api/', '/API/users', '/api//x'], v1: ['/v1', '/V1/users'] };
    for (const [dialect, some] of Object.entries(paths)) {
      for (const path of some) expect(dialectOf(path), path).to.equal(dialect);
    }
    for (const path of ['', '*', '/', '/apis', '/v10/x', '/user/api', 'api/x', '/x/v1']) {
      expect(dialectOf(path), path).to.equal('keybin');
    }
  });
});
