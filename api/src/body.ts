import { isUtf8 } from 'node:buffer';
import parser from 'koa-bodyparser';
import type { Context } from 'koa';
import { bodyNotJson, bodyTooLarge } from '@keybin/shared/errors.js';

export type JsonObject = Readonly<Record<string, unknown>>;

/** Reads the body of a request as a JSON object with members. Throws `body_not_json`, `body_too_large`. */
export type ReadBody = (ctx: Context) => Promise<JsonObject>;

const jsonContentType = /^\s*application\/(?:[^\s;/]+\+)?json\s*(?:;|$)/i;

/** Refuses bodies of more than `limitBytes`, inflated. */
export function bodyReader(limitBytes: number): ReadBody {
  // The parser reads, inflates and bounds. Its own JSON mode refuses members named `__proto__` and lets broken UTF-8 through,
  // so it hands over bytes (no encoding) and they are decoded here.
  const options = {
    enableTypes: ['text'],
    extendTypes: { text: ['application/json', '+json'] },
    textLimit: String(limitBytes),
    encoding: null,
  };
  const readBytes = parser(options);

  return async (ctx) => {
    if (!jsonContentType.test(ctx.get('Content-Type'))) throw bodyNotJson();
    try {
      await readBytes(ctx, nothingMore);
    } catch (error) {
      ctx.req.resume(); // or the rest would stay in the connection and block it
      throw isTooLarge(error) ? bodyTooLarge(limitBytes) : bodyNotJson();
    }
    return decode(ctx.request.body);
  };
}

const nothingMore = async () => {};

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && 'type' in error && error.type === 'entity.too.large';
}

function decode(bytes: unknown): JsonObject {
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
