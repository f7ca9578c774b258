import { createHmac } from 'node:crypto';
import pRetry, { AbortError } from 'p-retry';
import { Pool } from 'undici';
import { v4 as uuid } from 'uuid';
import { remainingMs } from '@keybin/shared/deadline.js';
import { unavailable } from '@keybin/shared/errors.js';
import type { Log } from '@keybin/shared/process/log.js';
import type { CodeDelivery, SentCode } from './delivery.js';

export interface WebhookSettings {
  readonly url: string;
  /** Base64, with or without the prefix `whsec_`. */
  readonly secret: string;
  /** Time for all attempts to deliver one code. */
  readonly timeoutSeconds: number;
}

/** Messages in flight; others wait for a connection. */
const maxConnections = 32;

/** Part of that time which is left for the response to the client. */
const answerMs = 200;
/** Least time for an attempt; none is started with less. */
const leastTryMs = 100;
const firstPauseMs = 50;

/** True if another attempt may succeed. */
const isPassing = (status: number) => status >= 500 || status === 408 || status === 425 || status === 429;

/**
 * Posts codes to a URL of the operator, who forwards them. Requests are signed according to "Standard Webhooks"
 * (github.com/standard-webhooks/standard-webhooks, version 1), so that the receiver knows the sender. All attempts of a
 * message have the same `webhook-id`. An attempt that fails is repeated at growing intervals while there is time,
 * unless the status says that no other can succeed. An attempt that hangs is given up after half of the time, so that
 * there is time for another.
 */
export class Webhook implements CodeDelivery {
  readonly #pool: Pool;
  readonly #path: string;
  readonly #key: Buffer;
  readonly #timeoutMs: number;
  #closed: Promise<void> | undefined;
  /** True after a failure was logged, until a success is. */
  #isFailing = false;

  constructor(
    { url, secret, timeoutSeconds }: WebhookSettings,
    private readonly log: Log,
  ) {
    const { origin, pathname, search } = new URL(url);
    this.#path = pathname + search;
    this.#key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
    this.#timeoutMs = timeoutSeconds * 1_000 - answerMs;
    // For a server that hangs after its headers, besides the deadline of each attempt. undici's timers have a
    // resolution of a second.
    this.#pool = new Pool(origin, { connections: maxConnections, bodyTimeout: timeoutSeconds * 1_000 });
  }

  async deliver({ username, code, lifetimeSeconds }: SentCode, startedMs: number): Promise<null> {
    const dueMs = startedMs + this.#timeoutMs;
    const id = `msg_${uuid()}`;
    const body = JSON.stringify({ accout: username, identify_code: code, expire_seconds: lifetimeSeconds });
    try {
      await pRetry(() => this.#post(id, body, dueMs), {
        retries: Infinity,
        minTimeout: firstPauseMs,
        randomize: true,
        maxRetryTime: remainingMs(dueMs - leastTryMs),
      });
    } catch (error) {
      this.#note(error);
      throw unavailable(error);
    }
    this.#note(undefined);
    return null;
  }

  /** Waits for messages in flight. May be called twice. */
  close(): Promise<void> {
    return (this.#closed ??= this.#pool.close());
  }

  async #post(id: string, body: string, dueMs: number): Promise<void> {
    const signal = AbortSignal.timeout(Math.ceil(Math.min(remainingMs(dueMs), this.#timeoutMs / 2)));
    const headers = { 'content-type': 'application/json', 'user-agent': 'Keybin', ...this.#signed(id, body) };
    const { statusCode, body: answer } = await this.#pool.request({
      path: this.#path,
      method: 'POST',
      headers,
      body,
      signal,
    });
    answer.dump().catch(() => {}); // the body does not matter
    if (statusCode >= 200 && statusCode < 300) return;
    const refusal = new Error(`The webhook returned ${statusCode}`);
    throw isPassing(statusCode) ? refusal : new AbortError(refusal);
  }

  #signed(id: string, body: string): Record<string, string> {
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const signature = createHmac('sha256', this.#key).update(`${id}.${timestamp}.${body}`).digest('base64');
    return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
  }

  /** Logs once when deliveries begin to fail, and once when they work again. */
  #note(failure: unknown): void {
    if (failure !== undefined && !this.#isFailing)
      this.log.warn({ err: failure }, 'The webhook does not accept identify codes');
    if (failure === undefined && this.#isFailing) this.log.info('The webhook accepts identify codes again');
    this.#isFailing = failure !== undefined;
  }
}
