import type { Context } from 'koa';

export const jsonContentType = 'application/json; charset=utf-8';
export const textContentType = 'text/plain; charset=utf-8';

/** Answers JSON text, with 200 unless another status was set. */
export function answerJson(ctx: Context, json: string): void {
  ctx.set('Content-Type', jsonContentType);
  ctx.body = json;
}
