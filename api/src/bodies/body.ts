import { isUtf8 } from 'node:buffer';
import parser from 'koa-bodyparser';
import type { Context } from 'koa';
import type { Config } from '@keybin/shared/config/config.js';
import {
  acceptedEncodings,
  bodyNotJson,
  bodyTooLarge,
  contentTypeMissing,
  encodingNotSupported,
  KeybinError,
  tooManyNodes,
} from '@keybin/shared/errors.js';
import { BodyMemory, type RoomTimes } from './body-memory.js';
import { noteBodyWait } from './body-wait.js';
import type { AnswerTimes } from '../requests/answer-in-time.js';
import { hasBody } from '../requests/has-body.js';
import { jsonShape } from './json-shape.js';

export type JsonObject = Readonly<Record<string, unknown>>;

/** Reads the body of a request as a JSON object that is not empty. Throws the errors of `ReadText` and `parseBody`. */
export type ReadBody = (ctx: Context) => Promise<JsonObject>;

/**
 * Reads the body of a request as text, to be parsed. Throws `body_not_json`, `content_type_missing`, `body_too_large`,
 * `encoding_not_supported`, `too_many_nodes`, `unavailable`.
 */
export type ReadText = (ctx: Context) => Promise<string>;

export type BodyLimits = Pick<Config['limits'], 'bodyBytes' | 'bodiesBytes' | 'valueNodes'>;

const jsonContentType = /^\s*application\/(?:[^\s;/]+\+)?json\s*(?:;|$)/i;

type BodyTimes = AnswerTimes & RoomTimes;

/** Largest body that needs no room in `BodyMemory`: an idle connection takes as much memory. */
export const smallBodyBytes = 16 * 1_024;

/**
 * Returns a reader that refuses bodies of more than `bodyBytes`, inflated, and has at most `bodiesBytes` of them in
 * memory at once.
 */
export function textReader({ bodyBytes: limitBytes, bodiesBytes, valueNodes }: BodyLimits, times: BodyTimes): ReadText {
  const room = new BodyMemory(bodiesBytes, times);
  // The parser reads, inflates and bounds. Its own JSON mode refuses members named `__proto__` and accepts invalid
  // UTF-8. So it returns bytes (no encoding), which are decoded here.
  const options = {
    enableTypes: ['text'],
    extendTypes: { text: ['application/json', '+json'] },
    textLimit: String(limitBytes),
    encoding: null,
  };
  const readBytes = parser(options);

  async function readInRoom(ctx: Context): Promise<void> {
    const bytes = bytesOf(ctx, limitBytes);
    if (bytes <= smallBodyBytes) return readBytes(ctx, nothingMore);
    const place = await room.take(bytes);
    ctx.res.once('close', () => place.giveBack());
    if (ctx.res.destroyed) place.giveBack();
    await Promise.race([readBytes(ctx, nothingMore), place.lost]);
    place.arrived();
    if (place.waitedMs > 0) noteBodyWait(ctx, place, times);
  }

  return async (ctx) => {
    const contentType = ctx.get('Content-Type');
    if (contentType === '' && hasBody(ctx.req)) throw contentTypeMissing();
    if (!jsonContentType.test(contentType)) throw bodyNotJson();
    nameEncoding(ctx);
    try {
      await readInRoom(ctx);
    } catch (error) {
      if (error instanceof KeybinError) {
        ctx.set('Connection', 'close'); // else node would wait for the rest of the body
        throw error;
      }
      ctx.req.resume(); // else the rest would stay in the connection and block it
      throw isTooLarge(error) ? bodyTooLarge(limitBytes) : bodyNotJson();
    }
    const { body } = ctx.request;
    ctx.request.body = undefined; // so that the value is in memory once while the request waits for the store
    ctx.request.rawBody = '';
    return decodeText(body, valueNodes);
  };
}

const encodings: ReadonlySet<string> = new Set(acceptedEncodings.split(', '));

/**
 * Names the encoding of a body as the parser knows it: the case does not count, and `x-gzip` is gzip (RFC 9110, section
 * 8.4.1). Throws `encoding_not_supported`.
 */
function nameEncoding({ req }: Context): void {
  const given = req.headers['content-encoding']?.trim().toLowerCase();
  if (given === undefined) return;
  const encoding = given === 'x-gzip' ? 'gzip' : given || 'identity';
  if (!encodings.has(encoding)) {
    req.resume(); // else the rest would stay in the connection and block it
    throw encodingNotSupported();
  }
  req.headers['content-encoding'] = encoding;
}

/**
 * Returns the bytes that a body may take in memory. A body with a declared length above the limit is refused without
 * being read, so it takes none.
 */
function bytesOf(ctx: Context, limitBytes: number): number {
  const isEncoded = !['', 'identity'].includes(ctx.get('Content-Encoding'));
  const said = isEncoded ? Number.NaN : Number(ctx.get('Content-Length') || Number.NaN);
  if (said > limitBytes) return 0;
  return Number.isNaN(said) ? limitBytes : said;
}

const nothingMore = async () => {};

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && 'type' in error && error.type === 'entity.too.large';
}

/**
 * Returns the text in the bytes of a body. Throws `body_not_json`, and `too_many_nodes` before a parser spends its time
 * on it.
 */
export function decodeText(bytes: unknown, mostNodes: number | undefined): string {
  if (!Buffer.isBuffer(bytes) || !isUtf8(bytes)) throw bodyNotJson();
  const text = bytes.toString().replace(/^\ufeff/, ''); // RFC 8259, section 8.1: a BOM may be ignored
  if (mostNodes !== undefined && jsonShape(text, mostNodes).nodes > mostNodes) throw tooManyNodes(mostNodes);
  return text;
}

/** Returns the object in the text of a body. Throws `body_not_json`. */
export function parseBody(text: string): JsonObject {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw bodyNotJson();
  }
  if (!isJsonObject(body) || isEmpty(text)) throw bodyNotJson();
  return body;
}

function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** True for the text of an object without members. To list the members of a parsed one takes time for each. */
const isEmpty = (text: string) => /^\s*\{\s*\}/.test(text);
