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
  /** Base64, perhaps behind `whsec_`. */
  readonly secret: string;
  /** For all tries of one code. */
  readonly timeoutSeconds: number;
}

/** Messages on their way at once; others wait for a connection. */
const maxConnections = 32;

/** Of the time for all tries, for the way of the answer to the client. */
const answerMs = 200;
/** A try is not begun with less. */
const leastTryMs = 100;
const firstPauseMs = 50;

/** Answers that say that another try may succeed. */
const isPassing = (status: number) => status >= 500 || status === 408 || status === 425 || status === 429;

/**
 * Posts codes to a URL of the operator, who sends them on. Signed as "Standard Webhooks" has it
 * (github.com/standard-webhooks/standard-webhooks, version 1), so that the receiver knows whom they are from; each try of a message
 * has the same `webhook-id`. A message that gets no 2xx is sent again, at growing intervals, while there is time. One that hangs
 * is given up after half of the time, so that there is another one.
 */
export class Webhook implements CodeDelivery {
  readonly #pool: Pool;
  readonly #path: string;
  readonly #key: Buffer;
  readonly #timeoutMs: number;
  #closed: Promise<void> | undefined;
  /** Whether the log has said so. */
  #isFailing = false;

  constructor(
    { url, secret, timeoutSeconds }: WebhookSettings,
    private readonly log: Log,
  ) {
    const { origin, pathname, search } = new URL(url);
    this.#path = pathname + search;
    this.#key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
    this.#timeoutMs = timeoutSeconds * 1_000 - answerMs;
    // Timers of a whole second at least, beside the deadline of each try: for a server that hangs after it has answered
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

  /** Messages that are on their way still arrive. May be called twice. */
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
    answer.dump().catch(() => {}); // what else it says is of no matter
    if (statusCode >= 200 && statusCode < 300) return;
    const refusal = new Error(`The webhook answered ${statusCode}`);
    throw isPassing(statusCode) ? refusal : new AbortError(refusal);
  }

  #signed(id: string, body: string): Record<string, string> {
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const signature = createHmac('sha256', this.#key).update(`${id}.${timestamp}.${body}`).digest('base64');
    return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
  }

  /** Says once when it begins to fail, and once when it works again. */
  #note(failure: unknown): void {
    if (failure !== undefined && !this.#isFailing)
      this.log.warn({ err: failure }, 'The webhook takes no identify codes');
    if (failure === undefined && this.#isFailing) this.log.info('The webhook takes identify codes again');
    this.#isFailing = failure !== undefined;
  }
}
