import type { Outcome } from './requests/exchange.js';
import type { FuzzRequest } from './requests/request.js';

/** Internals that no answer may show. */
const internals =
  /node_modules|\bat (?:\S+ \()?(?:file|node):|\.[jt]s:\d+|ECONN|E11000|Mongo[A-Z]|WRONGTYPE|NOSCRIPT|MDB_|lmdb:\/\/|redis:\/\/|\{kb:/;

/** Status of a service whose disk or machine is too busy for a request. Such answers are counted and must be rare. */
export const busy = 503;

/** Status of a body with another transfer coding than `chunked`. */
const unknownCoding = 501;

/** Returns the problem with the outcome of a request, if any. */
export function problemOf({ isHttp, route }: FuzzRequest, { statuses, text, hung }: Outcome): string | undefined {
  if (hung) return 'no answer';
  if (isHttp && statuses.length === 0) return 'the connection ended without an answer';
  const failed = statuses.find((status) => status >= 500 && status !== busy && status !== unknownCoding);
  if (failed !== undefined) return `answered ${failed}`;
  const isText = route !== 'GET /metrics'; // the metrics name what they measure
  if (isText && internals.test(text)) return `shows ${internals.exec(text)?.[0]}`;
  return undefined;
}

/** Returns true if the request was refused with certainty. A write that was answered 503 may have been done. */
export const isRejected = ({ statuses }: Outcome): boolean =>
  statuses.length > 0 && statuses.every((status) => (status >= 400 && status < 500) || status === unknownCoding);
