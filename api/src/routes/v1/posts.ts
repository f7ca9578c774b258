import type { Router } from '@koa/router';
import type { Post } from '@keybin/shared/ports/engine.js';
import { isPostId, postTimeUs } from '@keybin/shared/ids/post-id.js';
import { answerHeldJson, answerJson } from '../../answers/answers.js';
import { afterBodyWait } from '../../bodies/body-wait.js';
import { requiredParameter, stringParameter } from '../parameters.js';
import { requestIdOf } from '../../requests/request-id.js';
import { listPosts, readPost } from '../../use-cases/posts.js';
import { pageOf } from './page.js';
import { tokenParameter } from './parameters.js';
import type { V1Parts } from './v1-parts.js';

export function postRoutes(router: Router, parts: V1Parts): void {
  const { answers, engine, readBody } = parts;

  router.post('/activity/post', async (ctx) => {
    const body = await readBody(ctx);
    const content = stringParameter(requiredParameter(body, 'content'), 'content');
    const create = engine.posts.create(tokenParameter(ctx), JSON.stringify(content), requestIdOf(ctx));
    const id = await afterBodyWait(ctx, create);
    answerJson(ctx, JSON.stringify({ post_id: id }));
  });

  router.get('/activity', async (ctx) => {
    const { posts, more, author } = await listPosts(
      parts,
      tokenParameter(ctx),
      pageOf(ctx.query, isPostId, 'the id of a post'),
    );
    const next = more ? (posts.at(-1)?.id ?? null) : null;
    const json = `{"posts":[${posts.map((post) => printed(post, author)).join()}],"next":${JSON.stringify(next)}}`;
    answerHeldJson(ctx, answers, posts[0]?.userId ?? '', json);
  });

  router.get('/activity/:post_id', async (ctx) => {
    const { post, author } = await readPost(parts, tokenParameter(ctx), postIdOf(ctx.params));
    answerHeldJson(ctx, answers, post.userId, printed(post, author));
  });

  router.delete('/activity/:post_id', async (ctx) => {
    const id = postIdOf(ctx.params);
    await engine.posts.delete(tokenParameter(ctx), id, requestIdOf(ctx));
    answerJson(ctx, JSON.stringify({ deleted: id }));
  });
}

const postIdOf = (params: Readonly<Record<string, string>>) => params['post_id'] ?? '';

/** Returns a post as JSON text. Its content is JSON text already. */
function printed({ id, json }: Post, author: string): string {
  const createdAt = new Date(postTimeUs(id) / 1_000).toISOString();
  return `{"post_id":"${id}","accout":${JSON.stringify(author)},"content":${json},"created_at":"${createdAt}"}`;
}
