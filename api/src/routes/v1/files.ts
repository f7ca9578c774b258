import { Readable } from 'node:stream';
import type { Router, RouterContext } from '@koa/router';
import { deadlineIn, remainingMs, withDeadline } from '@keybin/shared/deadline.js';
import { parameterInvalid } from '@keybin/shared/errors.js';
import { isFileId } from '@keybin/shared/ids/file-id.js';
import type { OpenFile, StoredFile } from '@keybin/shared/ports/engine.js';
import { answerJson } from '../../answers/answers.js';
import { byteRangeOf } from '../../requests/byte-range.js';
import type { Transfers } from '../../requests/transfers.js';
import { readUploadForm } from '../../bodies/upload-form.js';
import { createdAt, storeFile } from '../../use-cases/files.js';
import { isAbsentParameter } from '../parameters.js';
import { pageOf } from './page.js';
import { tokenParameter } from './parameters.js';
import type { V1Parts } from './v1-parts.js';

/**
 * Time for a client that still sends a refused body to read the response. If the connection were cut at once, the
 * response might be lost.
 */
const lingerMs = 2_000;

export function fileRoutes(router: Router, { engine, transfers, fileLimitBytes, times }: V1Parts): void {
  router.post('/users/upload', async (ctx) => {
    try {
      const { id, ...stored } = await transfers.receiving(ctx.req, ({ signal, countFor }) =>
        storeFile(engine, tokenParameter(ctx), {
          receive: (take) => readUploadForm(ctx.req, take, { signal, fileLimitBytes }),
          atMostBytes: ctx.request.length,
          countFor,
        }),
      );
      answerJson(
        ctx,
        JSON.stringify({ upload: stored.name, file_id: id, length: stored.length, sha256: stored.sha256 }),
      );
    } catch (error) {
      discardRest(ctx);
      throw error;
    }
  });

  router.get('/users/upload', async (ctx) => {
    const { files, more } = await engine.files.list(
      tokenParameter(ctx),
      pageOf(ctx.query, isFileId, 'the id of a file'),
    );
    const next = more ? (files.at(-1)?.id ?? null) : null;
    answerJson(ctx, JSON.stringify({ files: files.map(described), next }));
  });

  router.get('/users/upload/:file_id', async (ctx) => {
    const deadlineMs = deadlineIn(times.answerMs);
    const asksInline = inlineParameter(ctx);
    const opened = await engine.files.open(tokenParameter(ctx), fileIdOf(ctx));
    await answerFile(ctx, opened, { transfers, deadlineMs, asksInline });
  });

  router.delete('/users/upload/:file_id', async (ctx) => {
    const id = fileIdOf(ctx);
    await engine.files.delete(tokenParameter(ctx), id);
    answerJson(ctx, JSON.stringify({ deleted: id }));
  });
}

const fileIdOf = (ctx: RouterContext) => ctx.params['file_id'] ?? '';

/** True if a download asks for the type of an image. Throws `parameter_invalid`. */
function inlineParameter({ query: { inline } }: RouterContext): boolean {
  if (isAbsentParameter(inline) || inline === 'false') return false;
  if (inline !== 'true') throw parameterInvalid('inline', "'true' or 'false'");
  return true;
}

const described = (file: StoredFile) => ({
  file_id: file.id,
  upload: file.name,
  length: file.length,
  sha256: file.sha256,
  ...(file.contentType && { content_type: file.contentType }),
  created_at: createdAt(file).toISOString(),
});

interface Sending {
  readonly transfers: Transfers;
  /** Deadline for the first bytes, in `performance.now()`'s time. */
  readonly deadlineMs: number;
  /** True if an image may be shown. */
  readonly asksInline: boolean;
}

/**
 * Policy of an image that a browser shows, in place of the usual one. The sandbox is an origin of its own without
 * scripts, whatever the bytes are. The browser styles its own page around the image.
 */
const imagePolicy = "default-src 'none';style-src 'unsafe-inline';frame-ancestors 'none';sandbox";

/**
 * Sends a file or a range of it, or 304 to a client that has it. It must not run in a browser, so it is a download
 * without a type, unless it is an image and the client asks for its type.
 */
async function answerFile(ctx: RouterContext, opened: OpenFile, sending: Sending): Promise<void> {
  const { file } = opened;
  const { transfers, deadlineMs, asksInline } = sending;
  const shownType = asksInline ? file.contentType : undefined;
  const about = { length: file.length, etag: `"${file.sha256}"`, lastModified: createdAt(file).toUTCString() };
  const range = byteRangeOf(ctx, about);
  ctx.set({ ETag: about.etag, 'Last-Modified': about.lastModified, 'Accept-Ranges': 'bytes' });
  if (shownType) ctx.set('Content-Security-Policy', imagePolicy);
  ctx.status = 200;
  if (ctx.fresh) {
    ctx.status = 304;
    return;
  }
  const { start, end } = range ?? { start: 0, end: file.length };
  if (ctx.method !== 'HEAD') {
    transfers.sending(ctx.res, opened.userId);
    await streamBytes(ctx, opened.read({ start, end }), deadlineMs);
  }
  ctx.type = shownType ?? 'application/octet-stream';
  ctx.attachment(file.name, { type: shownType ? 'inline' : 'attachment', fallback: plainName(file.name) });
  ctx.length = end - start;
  if (!range) return;
  ctx.status = 206;
  ctx.set('Content-Range', `bytes ${start}-${end - 1}/${file.length}`);
}

/**
 * Returns the name for `filename`, which clients read alike in ASCII without quotes and backslashes only (RFC 6266,
 * appendix D). The whole name is in `filename*` if this is another one.
 */
const plainName = (name: string) => name.replace(/[^\x20-\x7e]|["\\]/gu, '_');

/** Waits for the first bytes, so that an error until then gets a response. A later error breaks the connection. */
async function streamBytes(ctx: RouterContext, bytes: AsyncIterable<Uint8Array>, deadlineMs: number): Promise<void> {
  const iterator = bytes[Symbol.asyncIterator]();
  const close = () => void iterator.return?.().catch(() => {}); // a client that disconnects may not have begun to read
  if (ctx.res.destroyed) close();
  else ctx.res.once('close', close);
  const first = await withDeadline(iterator.next(), remainingMs(deadlineMs), 'reading a file');
  const all = async function* () {
    for (let step = first; !step.done; step = await iterator.next()) yield step.value;
  };
  ctx.body = Readable.from(all(), { objectMode: false });
}

function discardRest({ req }: RouterContext): void {
  if (req.complete) return;
  req.resume();
  const cut = setTimeout(() => req.destroy(), lingerMs);
  req.once('close', () => clearTimeout(cut));
}
