import type { Context } from 'koa';

/** Answers JSON text, with 200 unless another status was set. */
export function answerJson(ctx: Context, json: string): void {
  ctx.set('Content-Type', 'application/json; charset=utf-8');
  ctx.body = json;
}
