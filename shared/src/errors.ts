/**
 * Codes of all errors that Keybin itself raises. They are stable. Stores and use cases raise errors and know no HTTP.
 * The only place that turns a code into a status is `answers/error-answer.ts` of the API. The messages are part of the
 * contract.
 */
export type ErrorCode =
  | 'request_not_http'
  | 'headers_too_large'
  | 'invalid_host'
  | 'body_not_json'
  | 'content_type_missing'
  | 'body_too_large'
  | 'encoding_not_supported'
  | 'transfer_encoding_not_supported'
  | 'parameter_missing'
  | 'parameter_not_string'
  | 'parameter_invalid'
  | 'invalid_username'
  | 'invalid_password'
  | 'password_too_short'
  | 'invalid_credentials'
  | 'invalid_identify_code'
  | 'invalid_token'
  | 'expired_token'
  | 'invalid_key'
  | 'key_too_long'
  | 'key_not_found'
  | 'post_not_found'
  | 'file_not_found'
  | 'file_too_large'
  | 'invalid_file_name'
  | 'file_name_not_utf8'
  | 'body_not_multipart'
  | 'too_many_fields'
  | 'range_not_satisfiable'
  | 'body_too_slow'
  | 'account_full'
  | 'forbidden'
  | 'registration_closed'
  | 'value_too_deep'
  | 'number_out_of_range'
  | 'too_many_nodes'
  | 'account_exists'
  | 'account_not_found'
  | 'route_not_found'
  | 'method_not_allowed'
  | 'too_many_requests'
  | 'internal_error'
  | 'unavailable'
  | 'storage_full';

export class KeybinError extends Error {
  override readonly name = 'KeybinError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export const requestNotHttp = () => new KeybinError('request_not_http', 'Request is not HTTP');
export const headersTooLarge = () => new KeybinError('headers_too_large', 'Request headers are too large');
export const invalidHost = () => new KeybinError('invalid_host', 'Request must have one Host header');
/** The one Host header has something else. */
export const malformedHost = () =>
  new KeybinError('invalid_host', 'Host must be a host name or an IP address, with or without a port');
export const bodyNotJson = () => new KeybinError('body_not_json', 'Request body is not JSON or is empty');
/** The request has a body and does not say of which type. */
export const contentTypeMissing = () => new KeybinError('content_type_missing', 'Request has no Content-Type');
export const bodyTooLarge = (limitBytes: number) =>
  new KeybinError('body_too_large', `Request body is larger than ${limitBytes} bytes`);
/** Encodings of a JSON body, as in `Accept-Encoding`. */
export const acceptedEncodings = 'gzip, deflate, br, identity';
export const encodingNotSupported = () =>
  new EncodingError(acceptedEncodings, `Content-Encoding must be one of ${acceptedEncodings}`);
export const formEncodingNotSupported = () =>
  new EncodingError('identity', 'Content-Encoding of a form must be identity');
export const transferEncodingNotSupported = () =>
  new KeybinError('transfer_encoding_not_supported', 'Transfer-Encoding must be chunked, in HTTP/1.1');
export const parameterMissing = (name: string) =>
  new KeybinError('parameter_missing', `Required parameter '${name}' is missing`);
export const parameterNotString = (name: string) =>
  new KeybinError('parameter_not_string', `Parameter '${name}' must be a string`);
export const parameterInvalid = (name: string, accepted: string) =>
  new KeybinError('parameter_invalid', `Parameter '${name}' must be ${accepted}`);
export const invalidUsername = () =>
  new KeybinError('invalid_username', 'Username must be 1 to 256 bytes without control characters');
export const usernameInSeveralForms = () =>
  new KeybinError('invalid_username', 'Username must be in NFC, without white space at its ends');
/** Basic authentication ends a name at its first colon (RFC 7617, section 2). */
export const usernameWithColon = () => new KeybinError('invalid_username', "Username must not contain ':'");
export const invalidPassword = () =>
  new KeybinError('invalid_password', 'Password must be at most 72 bytes of UTF-8 and contain no NUL');
/** A new password is shorter than this service asks for. */
export const passwordTooShort = (leastBytes: number) =>
  new KeybinError('password_too_short', `Password must be at least ${leastBytes} bytes of UTF-8`);
export const invalidCredentials = () => new KeybinError('invalid_credentials', 'Invalid credentials');
/** The code is wrong, expired, used, replaced, or was guessed wrongly too often. */
export const invalidIdentifyCode = () => new KeybinError('invalid_identify_code', 'Invalid identify code');
export const invalidToken = () => new KeybinError('invalid_token', 'Invalid token');
/**
 * Takes the place of `invalidToken` while the record of an expired token can tell. Only the code differs, because the
 * message is part of the contract.
 */
export const expiredToken = () => new KeybinError('expired_token', 'Invalid token');
export const invalidKey = () =>
  new KeybinError('invalid_key', 'Key must contain only alphanumeric or _ . , characters');
export const keyTooLong = () => new KeybinError('key_too_long', 'Key must be at most 512 bytes');
export const keyNotFound = (key: string) => new KeybinError('key_not_found', `Key '${key}' not found`);
export const postNotFound = (id: string) => new KeybinError('post_not_found', `Post '${id}' not found`);
export const fileNotFound = (id: string) => new KeybinError('file_not_found', `File '${id}' not found`);
export const fileTooLarge = (limitBytes: number) =>
  new KeybinError('file_too_large', `File is larger than ${limitBytes} bytes`);
export const invalidFileName = () =>
  new KeybinError('invalid_file_name', 'File name must be 1 to 255 bytes without control characters');
export const fileNameNotUtf8 = () => new KeybinError('file_name_not_utf8', 'File name must be UTF-8');
export const bodyNotMultipart = () =>
  new KeybinError('body_not_multipart', 'Request body is not well-formed multipart/form-data');
/** The form has too many parts that are no files. */
export const tooManyFields = (limit: number) =>
  new KeybinError('too_many_fields', `Form must have at most ${limit} fields besides the file`);
export const rangeNotSatisfiable = () =>
  new KeybinError('range_not_satisfiable', 'The file has no such range of bytes');
export const bodyTooSlow = () => new KeybinError('body_too_slow', 'Request took too long to arrive');
/** The account has no room for more files. */
export const accountFull = (limitBytes: number) =>
  new KeybinError('account_full', `Files of the account would take more than ${limitBytes} bytes`);
/** The request is for something of another account. */
export const forbidden = () => new KeybinError('forbidden', 'Belongs to another account');
/** The settings do not allow this way to register. */
export const registrationClosed = () => new KeybinError('registration_closed', 'Registration is closed');
export const valueTooDeep = () => new KeybinError('value_too_deep', 'Value is nested too deeply');
export const numberOutOfRange = () =>
  new KeybinError('number_out_of_range', 'Value holds a number beyond the range of a double');
/** The body has more JSON values than this service takes. */
export const tooManyNodes = (limit: number) =>
  new KeybinError('too_many_nodes', `Request body has more than ${limit} JSON values`);
export const accountExists = () => new KeybinError('account_exists', 'User already registered');
export const accountNotFound = () => new KeybinError('account_not_found', 'User not found');
export const routeNotFound = () => new KeybinError('route_not_found', 'Not found');
export const methodNotAllowed = () => new KeybinError('method_not_allowed', 'Method not allowed');
export const storageFull = (cause?: unknown) => new KeybinError('storage_full', 'Storage is full', { cause });

/** The request was not served and may be sent again. `cause` is for the log and never leaves the process. */
export const unavailable = (cause?: unknown) =>
  new KeybinError('unavailable', 'Service unavailable, try again later', { cause });

/** A bug. `cause` is for the log and never leaves the process. */
export const internalError = (cause: unknown) => new KeybinError('internal_error', 'Internal server error', { cause });

/**
 * Error of opening what can be opened later, because a dependency is down. The message is one line for an operator.
 */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
}

/** True if an operation failed because a dependency is down, so that it can succeed later. */
export const isUnreachable = (error: unknown): boolean =>
  error instanceof UnreachableError || hasCode(error, 'unavailable');

/** The body has another `Content-Encoding` than the `accepted` ones, which the client is told in `Accept-Encoding`. */
export class EncodingError extends KeybinError {
  constructor(
    readonly accepted: string,
    message: string,
  ) {
    super('encoding_not_supported', message);
  }
}

/** Number of times that something may happen in a window of time. */
export interface RateLimit {
  readonly count: number;
  readonly windowSeconds: number;
}

/** A request above a rate limit. The limit resets in `resetsInMs`. */
export class RateLimitError extends KeybinError {
  constructor(
    /** Name of the limit, such as `registrations`. */
    readonly limitName: string,
    readonly limit: RateLimit,
    readonly resetsInMs: number,
  ) {
    super('too_many_requests', 'Too many requests');
  }
}

/** True if `error` is Keybin's own and has this code. */
export function hasCode(error: unknown, code: ErrorCode): error is KeybinError {
  return error instanceof KeybinError && error.code === code;
}

/**
 * Returns the message of an error for operators. That of a `KeybinError` is for API clients, and its cause names the
 * dependency that is down.
 */
export function messageOf(error: unknown): string {
  const reason = error instanceof KeybinError && error.cause instanceof Error ? error.cause : error;
  return reason instanceof Error ? reason.message : String(reason);
}

/**
 * Awaits one operation of MongoDB's driver or of ioredis. Throws `unavailable` if it fails, or the error itself if
 * that is a `KeybinError`. A write that failed may have been done, unless `isErrorBeforeWrite` returns true.
 */
export async function orUnavailable<T>(operation: Promise<T>): Promise<T> {
  try {
    return await operation;
  } catch (error) {
    throw error instanceof KeybinError ? error : unavailable(error);
  }
}
