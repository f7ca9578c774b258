import type { Context } from 'koa';

/** Answers 200 with JSON text. */
export function answerJson(ctx: Context, json: string): void {
  ctx.set('Content-Type', 'application/json; charset=utf-8');
  ctx.body = json;
}

export function answerOk(ctx: Context): void {
  answerJson(ctx, '{"result":"ok"}');
}

/**
 * Says that the answer, an error included, may be behind writes that were answered: RFC 7234, section 5.5.1. RFC 9111 took
 * the field away and put nothing in its place.
 */
export function warnStale(ctx: Context): void {
  ctx.set('Warning', '110 - "Response is Stale"');
}
