import type { Context } from 'koa';
import parseRange from 'range-parser';
import { rangeNotSatisfiable } from '@keybin/shared/errors.js';
import type { ByteRange } from '@keybin/shared/ports/engine.js';

/** What is asked for by ranges: RFC 9110, section 14. */
export interface RangedBytes {
  readonly length: number;
  /** Strong, with its quotes. */
  readonly etag: string;
  /** As it is told in `Last-Modified`. */
  readonly lastModified: string;
}

/**
 * The one range that the client wants; `undefined`: the whole, as also for several ranges, which nobody has to be given, for a header
 * that is none, and where `If-Range` names something else. Throws `range_not_satisfiable`.
 */
export function byteRangeOf(ctx: Context, { length, etag, lastModified }: RangedBytes): ByteRange | undefined {
  const asked = ctx.get('Range');
  const onlyIf = ctx.get('If-Range');
  if (ctx.method !== 'GET' || asked === '') return undefined;
  if (onlyIf !== '' && onlyIf !== etag && onlyIf !== lastModified) return undefined;
  const ranges = parseRange(length, capSuffix(asked, length), { combine: true });
  if (ranges === -1) {
    ctx.set('Content-Range', `bytes */${length}`);
    throw rangeNotSatisfiable();
  }
  const [range, ...more] = ranges === -2 || ranges.type !== 'bytes' ? [] : ranges;
  return range && more.length === 0 ? { start: range.start, end: range.end + 1 } : undefined;
}

/** Of a suffix longer than the whole the parser makes no range, where the RFC has the whole. */
function capSuffix(asked: string, length: number): string {
  const suffix = /^bytes=-(\d+)$/.exec(asked)?.[1];
  return suffix !== undefined && Number(suffix) > length ? `bytes=-${length}` : asked;
}
