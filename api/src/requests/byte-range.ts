import type { Context } from 'koa';
import parseRange from 'range-parser';
import { rangeNotSatisfiable } from '@keybin/shared/errors.js';
import type { ByteRange } from '@keybin/shared/ports/engine.js';

/** Content that clients may request in ranges (RFC 9110, section 14). */
export interface RangedBytes {
  readonly length: number;
  /** Strong validator, with its quotes. */
  readonly etag: string;
  /** Value of `Last-Modified`. */
  readonly lastModified: string;
}

/**
 * Returns the one range that the client wants, or `undefined` for the whole content. Several ranges, which a server
 * need not support, get the whole content. So do an invalid header and an `If-Range` that does not match. Throws
 * `range_not_satisfiable`.
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

/**
 * Shortens a suffix that is longer than the content. The parser makes no range of it, but the RFC makes it the whole
 * content.
 */
function capSuffix(asked: string, length: number): string {
  const suffix = /^bytes=-(\d+)$/.exec(asked)?.[1];
  return suffix !== undefined && Number(suffix) > length ? `bytes=-${length}` : asked;
}
