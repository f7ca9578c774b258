import type { Context } from 'koa';

export const jsonContentType = 'application/json; charset=utf-8';
export const textContentType = 'text/plain; charset=utf-8';

/** Responds with JSON text, and with status 200 unless another one was set. */
export function answerJson(ctx: Context, json: string): void {
  ctx.set('Content-Type', jsonContentType);
  ctx.body = json;
}
