import * as errors from '@keybin/shared/errors.js';
import type { ErrorCode, KeybinError } from '@keybin/shared/errors.js';
import type { Dialect } from '../answers/error-answer.js';

/** Entry of an error in the documents. */
export interface ErrorDocument {
  readonly error: KeybinError;
  readonly interfaces: readonly Dialect[];
  readonly when: string;
}

const everywhere = ['keybin', 'api', 'v1'] as const;
const mib = 1_024 ** 2;

const documents: Readonly<Record<ErrorCode, ErrorDocument>> = {
  request_not_http: { error: errors.requestNotHttp(), interfaces: everywhere, when: 'Always sent as plain text' },
  headers_too_large: {
    error: errors.headersTooLarge(),
    interfaces: everywhere,
    when: 'The limit is 16 KiB. Always sent as plain text',
  },
  invalid_host: {
    error: errors.invalidHost(),
    interfaces: everywhere,
    when: 'An HTTP/1.1 request has no `Host` header, or several. For a malformed one the message says so',
  },
  body_not_json: {
    error: errors.bodyNotJson(),
    interfaces: everywhere,
    when: 'The body is empty, is not a JSON object, or `Content-Type` is not JSON',
  },
  content_type_missing: {
    error: errors.contentTypeMissing(),
    interfaces: everywhere,
    when: 'The request has a body. As plain text it has the message of `body_not_json`',
  },
  encoding_not_supported: {
    error: errors.encodingNotSupported(),
    interfaces: everywhere,
    when: 'The body has another `Content-Encoding`. `Accept-Encoding` names the accepted ones. A form may have none',
  },
  transfer_encoding_not_supported: {
    error: errors.transferEncodingNotSupported(),
    interfaces: everywhere,
    when: 'The body has another `Transfer-Encoding`, or the request is HTTP/1.0. Always sent as plain text',
  },
  parameter_missing: {
    error: errors.parameterMissing('NAME'),
    interfaces: everywhere,
    when: 'The parameter is absent, `null` or an empty string. A stored value may be an empty string',
  },
  parameter_not_string: {
    error: errors.parameterNotString('NAME'),
    interfaces: everywhere,
    when: 'The parameter has another type, or occurs several times in a query',
  },
  parameter_invalid: {
    error: errors.parameterInvalid('NAME', '...'),
    interfaces: ['v1'],
    when: 'The message names what is accepted',
  },
  invalid_username: {
    error: errors.invalidUsername(),
    interfaces: everywhere,
    when: 'The name breaks this rule, or one of those for [new names](common.md#usernames)',
  },
  invalid_password: { error: errors.invalidPassword(), interfaces: everywhere, when: 'The password breaks this rule' },
  password_too_short: {
    error: errors.passwordTooShort(8),
    interfaces: everywhere,
    when: 'The limit is `[ACCOUNTS] password_min_bytes`, for new accounts only. It is off by default',
  },
  invalid_identify_code: {
    error: errors.invalidIdentifyCode(),
    interfaces: ['v1'],
    when: 'The code is wrong, expired, used, replaced, or was tried wrongly five times',
  },
  invalid_key: { error: errors.invalidKey(), interfaces: ['keybin'], when: 'The key breaks this rule' },
  key_too_long: { error: errors.keyTooLong(), interfaces: ['keybin'], when: 'The key breaks this rule' },
  value_too_deep: {
    error: errors.valueTooDeep(),
    interfaces: ['keybin'],
    when: 'The value has more than 1,000 levels of arrays and objects',
  },
  number_out_of_range: {
    error: errors.numberOutOfRange(),
    interfaces: ['keybin'],
    when: 'Send such a number as a string',
  },
  too_many_nodes: {
    error: errors.tooManyNodes(100_000),
    interfaces: everywhere,
    when: 'The limit is `[LIMITS] value_nodes`, and each array, object, string, number, `true`, `false` and `null` counts. It is off by default',
  },
  invalid_file_name: { error: errors.invalidFileName(), interfaces: ['v1'], when: 'The name breaks this rule' },
  file_name_not_utf8: {
    error: errors.fileNameNotUtf8(),
    interfaces: ['v1'],
    when: 'The name is Latin-1, for example',
  },
  body_not_multipart: {
    error: errors.bodyNotMultipart(),
    interfaces: ['v1'],
    when: 'An upload is not a form, or the form is truncated',
  },
  too_many_fields: {
    error: errors.tooManyFields(20),
    interfaces: ['v1'],
    when: 'The form of an upload has more',
  },
  invalid_credentials: {
    error: errors.invalidCredentials(),
    interfaces: everywhere,
    when: 'The name is unknown or the password is wrong; both look the same',
  },
  invalid_token: {
    error: errors.invalidToken(),
    interfaces: ['keybin', 'v1'],
    when: 'The token is unknown, replaced, revoked, expired long ago, or belongs to another interface',
  },
  expired_token: {
    error: errors.expiredToken(),
    interfaces: ['keybin', 'v1'],
    when: 'The token has expired, usually within the last hour',
  },
  forbidden: {
    error: errors.forbidden(),
    interfaces: ['v1'],
    when: 'The post or file, or the name at logout, belongs to another account',
  },
  registration_closed: {
    error: errors.registrationClosed(),
    interfaces: everywhere,
    when: '`[ACCOUNTS] registration` does not allow this way to register',
  },
  route_not_found: {
    error: errors.routeNotFound(),
    interfaces: everywhere,
    when: 'No route has this path, or its interface is not in `[APP] dialects`',
  },
  key_not_found: { error: errors.keyNotFound('KEY'), interfaces: ['keybin'], when: 'The account has no such key' },
  post_not_found: { error: errors.postNotFound('ID'), interfaces: ['v1'], when: 'There is no such post' },
  file_not_found: { error: errors.fileNotFound('ID'), interfaces: ['v1'], when: 'There is no such file' },
  account_not_found: {
    error: errors.accountNotFound(),
    interfaces: ['api', 'v1'],
    when: 'There is no such account',
  },
  method_not_allowed: {
    error: errors.methodNotAllowed(),
    interfaces: everywhere,
    when: '`Allow` lists the methods of this path',
  },
  body_too_slow: {
    error: errors.bodyTooSlow(),
    interfaces: everywhere,
    when: 'A request took longer than `[LIMITS] request_timeout`, or an upload fell below 1 KiB/s',
  },
  account_exists: { error: errors.accountExists(), interfaces: everywhere, when: 'The name is taken' },
  body_too_large: {
    error: errors.bodyTooLarge(mib),
    interfaces: everywhere,
    when: 'The limit is `[LIMITS] body_bytes`. For an upload it bounds the form around the file',
  },
  file_too_large: {
    error: errors.fileTooLarge(1_024 * mib),
    interfaces: ['v1'],
    when: 'The limit is `[LIMITS] file_bytes`. `Content-Length` may exceed it by 1 MiB, for the form around the file',
  },
  range_not_satisfiable: {
    error: errors.rangeNotSatisfiable(),
    interfaces: ['v1'],
    when: '`Range` lies outside the file',
  },
  too_many_requests: {
    error: new errors.RateLimitError('...', { count: 1, windowSeconds: 1 }, 1),
    interfaces: everywhere,
    when: 'A [rate limit](../rate-limits.md) was reached. Try again after `Retry-After` seconds',
  },
  internal_error: {
    error: errors.internalError(undefined),
    interfaces: everywhere,
    when: 'A bug in Keybin. The log has the error with the `X-Request-Id` of the response',
  },
  unavailable: {
    error: errors.unavailable(),
    interfaces: everywhere,
    when: 'A dependency is down, or a limit on concurrent work was reached. Try again after `Retry-After` seconds. A write may have happened',
  },
  storage_full: {
    error: errors.storageFull(),
    interfaces: everywhere,
    when: 'The disk or the database is full',
  },
  account_full: {
    error: errors.accountFull(10_240 * mib),
    interfaces: ['v1'],
    when: 'The limit is `[ACCOUNTS] file_bytes_per_account`',
  },
};

/** Every error that a client can get. */
export const errorDocuments: readonly ErrorDocument[] = Object.values(documents);
