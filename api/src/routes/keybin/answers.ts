import type { Context } from 'koa';

/** Answers 200 with JSON text. */
export function answerJson(ctx: Context, json: string): void {
  ctx.set('Content-Type', 'application/json; charset=utf-8');
  ctx.body = json;
}

export function answerOk(ctx: Context): void {
  answerJson(ctx, '{"result":"ok"}');
}
