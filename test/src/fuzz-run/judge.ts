import type { Outcome } from './requests/exchange.js';
import type { FuzzRequest } from './requests/request.js';

/** What no answer may show of the inside. */
const internals =
  /node_modules|\bat (?:\S+ \()?(?:file|node):|\.[jt]s:\d+|ECONN|E11000|Mongo[A-Z]|WRONGTYPE|NOSCRIPT|MDB_|lmdb:\/\/|redis:\/\/|\{kb:/;

/** A service whose disk or machine is too busy for a request says so; that is counted, and must be rare. */
export const busy = 503;

/** What is wrong with what came of a request, if anything. */
export function problemOf({ isHttp, route }: FuzzRequest, { statuses, text, hung }: Outcome): string | undefined {
  if (hung) return 'no answer';
  if (isHttp && statuses.length === 0) return 'the connection ended without an answer';
  const failed = statuses.find((status) => status >= 500 && status !== busy);
  if (failed !== undefined) return `answered ${failed}`;
  const isText = route !== 'GET /metrics'; // which names what is measured
  if (isText && internals.test(text)) return `shows ${internals.exec(text)?.[0]}`;
  return undefined;
}

/** Refused for good: a write that was answered 503 may have been done. */
export const isRejected = ({ statuses }: Outcome): boolean =>
  statuses.length > 0 && statuses.every((status) => status >= 400 && status < 500);
