import type { Context } from 'koa';
import { answerJson } from '../../answers/answers.js';

export const okJson = '{"result":"ok"}';

export function answerOk(ctx: Context): void {
  answerJson(ctx, okJson);
}
