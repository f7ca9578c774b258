import { isUtf8 } from 'node:buffer';
import parser from 'koa-bodyparser';
import type { Context } from 'koa';
import { bodyNotJson, bodyTooLarge, KeybinError } from '@keybin/shared/errors.js';
import { BodyMemory, type RoomTimes } from './body-memory.js';
import { noteBodyWait } from './body-wait.js';
import type { AnswerTimes } from '../requests/answer-in-time.js';

export type JsonObject = Readonly<Record<string, unknown>>;

/** Reads the body of a request as a JSON object with members. Throws `body_not_json`, `body_too_large`, `unavailable`. */
export type ReadBody = (ctx: Context) => Promise<JsonObject>;

const jsonContentType = /^\s*application\/(?:[^\s;/]+\+)?json\s*(?:;|$)/i;

type BodyTimes = AnswerTimes & RoomTimes;

/** Bodies up to this size need no room: an idle connection takes as much. */
export const smallBodyBytes = 16 * 1_024;

/** Refuses bodies of more than `limitBytes`, inflated, and lets `roomBytes` of them be in memory at once. */
export function bodyReader(limitBytes: number, roomBytes: number, times: BodyTimes): ReadBody {
  const room = new BodyMemory(roomBytes, times);
  // The parser reads, inflates and bounds. Its own JSON mode refuses members named `__proto__` and lets broken UTF-8 through,
  // so it hands over bytes (no encoding) and they are decoded here.
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
    if (!jsonContentType.test(ctx.get('Content-Type'))) throw bodyNotJson();
    try {
      await readInRoom(ctx);
    } catch (error) {
      if (error instanceof KeybinError) {
        ctx.set('Connection', 'close'); // or node would wait for the rest of the body
        throw error;
      }
      ctx.req.resume(); // or the rest would stay in the connection and block it
      throw isTooLarge(error) ? bodyTooLarge(limitBytes) : bodyNotJson();
    }
    const { body } = ctx.request;
    ctx.request.body = undefined; // while the request waits for the store, its value is in memory once
    ctx.request.rawBody = '';
    return decodeBody(body);
  };
}

/** What a body may take when it is read. One that says that it is too large is refused without being read. */
function bytesOf(ctx: Context, limitBytes: number): number {
  const said = ctx.get('Content-Encoding') ? Number.NaN : Number(ctx.get('Content-Length') || Number.NaN);
  if (said > limitBytes) return 0;
  return Number.isNaN(said) ? limitBytes : said;
}

const nothingMore = async () => {};

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && 'type' in error && error.type === 'entity.too.large';
}

/** The object in the bytes of a body. Throws `body_not_json`. */
export function decodeBody(bytes: unknown): JsonObject {
  if (!Buffer.isBuffer(bytes) || !isUtf8(bytes)) throw bodyNotJson();
  let body: unknown;
  try {
    body = JSON.parse(bytes.toString());
  } catch {
    throw bodyNotJson();
  }
  if (!isJsonObject(body) || isEmpty(body)) throw bodyNotJson();
  return body;
}

function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isEmpty(object: JsonObject): boolean {
  return Object.keys(object).length === 0;
}
