import type { ParsedUrlQuery } from 'node:querystring';
import { parameterInvalid } from '@keybin/shared/errors.js';
import { isAbsentParameter } from '../parameters.js';

const defaultLimit = 20;
const maxLimit = 100;

export interface Page {
  readonly limit: number;
  /** Id after which the page begins. */
  readonly after: string | undefined;
}

/**
 * Returns the page of a list that a query asks for. `isId` recognises ids, and `what` names them in errors. Throws
 * `parameter_invalid`.
 */
export function pageOf({ limit, after }: ParsedUrlQuery, isId: (text: string) => boolean, what: string): Page {
  const checkedId = (text: unknown): string => {
    if (typeof text !== 'string' || !isId(text)) throw parameterInvalid('after', what);
    return text;
  };
  return {
    limit: isAbsentParameter(limit) ? defaultLimit : checkedLimit(limit),
    after: isAbsentParameter(after) ? undefined : checkedId(after),
  };
}

function checkedLimit(text: unknown): number {
  const limit = typeof text === 'string' && /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > maxLimit) throw parameterInvalid('limit', `a whole number from 1 to ${maxLimit}`);
  return limit;
}
