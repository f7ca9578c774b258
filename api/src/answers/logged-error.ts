import { internalError, KeybinError, routeNotFound } from '@keybin/shared/errors.js';
import type { Log } from '@keybin/shared/process/log.js';

/** Returns an error that clients may see for the one that a request threw. Logs its cause, which they may not see. */
export function loggedError(thrown: unknown, log: Log, request: string): KeybinError {
  const error = keybinError(thrown);
  if (error.code === 'internal_error') log.error({ request, err: error.cause }, 'A request failed');
  else if (error.cause) log.debug({ request, err: error.cause }, error.message);
  return error;
}

function keybinError(thrown: unknown): KeybinError {
  if (thrown instanceof KeybinError) return thrown;
  return isInvalidUrl(thrown) ? routeNotFound() : internalError(thrown);
}

/** True if the request target is no URL, such as `http://[`. The error quotes it, so it is not logged. */
function isInvalidUrl(error: unknown): boolean {
  return error instanceof TypeError && 'code' in error && error.code === 'ERR_INVALID_URL';
}
