import type { Readable } from 'node:stream';
import type { Context } from 'koa';
import type { AnswerMemory } from './answer-memory.js';

export const jsonContentType = 'application/json; charset=utf-8';
export const textContentType = 'text/plain; charset=utf-8';

/** Responds with JSON text, whole or in pieces, and with status 200 unless another one was set. */
export function answerJson(ctx: Context, json: string | Readable): void {
  ctx.set('Content-Type', jsonContentType);
  ctx.body = json;
}

/** Responds with JSON text that counts for an account until it was sent. Throws `unavailable` if it has too many. */
export function answerHeldJson(ctx: Context, answers: AnswerMemory, userId: string, json: string): void {
  const refused = answers.hold(ctx.res, userId, json.length);
  if (refused) throw refused;
  answerJson(ctx, json);
}
