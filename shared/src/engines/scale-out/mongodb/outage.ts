import {
  MongoAPIError,
  MongoBulkWriteError,
  MongoError,
  MongoInvalidArgumentError,
  MongoServerError,
  MongoWriteConcernError,
} from 'mongodb';
import { isUnreachable } from '../../../errors.js';

/**
 * Error codes of MongoDB that tell of its state, not of the request. It is starting, shutting down, electing,
 * overloaded, out of disk or misconfigured, or does not let us in (yet). Source: src/mongo/base/error_codes.yml of
 * MongoDB.
 */
const outageCodes: ReadonlySet<unknown> = new Set([
  6, 7, 11, 13, 18, 24, 46, 50, 63, 64, 70, 75, 79, 89, 91, 100, 107, 112, 133, 134, 150, 189, 202, 262, 365, 384, 391,
  8000, 9001, 10058, 10107, 11600, 11601, 11602, 13388, 13435, 13436, 14031,
]);

export const isOutageCode = (code: unknown): boolean => outageCodes.has(code);

/** Codes with which MongoDB lets nobody in: Unauthorized, AuthenticationFailed, AtlasError. */
const refusalCodes: ReadonlySet<unknown> = new Set([13, 18, 8000]);

/** True if MongoDB is down when it is opened. Wrong credentials or options are no outage then: they stay wrong. */
export const isOutageAtStart = (error: unknown): boolean =>
  isOutage(error) &&
  !(error instanceof MongoAPIError) &&
  !(error instanceof MongoServerError && refusalCodes.has(error.code));

/**
 * True if an operation failed because a service is down or unwell. The same operation works once the service is back.
 */
export function isOutage(error: unknown): boolean {
  if (isUnreachable(error)) return true;
  if (error instanceof MongoBulkWriteError) {
    if (error.result.getWriteConcernError()) return true;
    // the driver wraps the error that stopped a whole bulk write, of any class
    const cause: unknown = error.errorResponse;
    if (cause instanceof Error) return isOutage(cause);
    return isOutageCode(error.code);
  }
  if (error instanceof MongoWriteConcernError) return true;
  if (error instanceof MongoServerError) {
    return isOutageCode(error.code) || error.hasErrorLabel('RetryableWriteError');
  }
  if (error instanceof MongoInvalidArgumentError) return false;
  if (error instanceof MongoError) return true; // an error of the driver itself: there was no answer
  return isOfSocket(error);
}

/**
 * True if a socket or stream of Node failed. The driver passes such errors on unchanged. Those of the system name the
 * call.
 */
function isOfSocket(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('syscall' in error) return true;
  return 'code' in error && /^(EPIPE|ECONNRESET|ERR_(SOCKET|STREAM)_\w+)$/.test(String(error.code));
}
