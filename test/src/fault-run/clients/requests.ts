import { setTimeout as delay } from 'node:timers/promises';
import { Agent, setGlobalDispatcher } from 'undici';
import type { Answer } from '../../world/clients/keybin-client.js';
import type { History, Interval } from '../checkers/history.js';

/**
 * Time after which a client gives up, in ms. It is longer than any answer may take and shorter than the longest hang.
 */
const answerTimeoutMs = 4_000;

/** Sets the timeout for the whole process. */
export function giveUpInTime(): void {
  const timeouts = { headersTimeout: answerTimeoutMs, bodyTimeout: answerTimeoutMs };
  setGlobalDispatcher(new Agent({ ...timeouts, connect: { timeout: answerTimeoutMs } }));
}

/** Pause of a client that got 503 or no answer, in ms. It is shorter than `Retry-After` asks for. */
const pauseMs = 50;

/** Outcome of a request. */
export type Outcome = Interval &
  (
    | { readonly kind: 'ok'; readonly text: string }
    /** A 4xx: it changed nothing. */
    | { readonly kind: 'refused'; readonly status: number; readonly text: string }
    /** No answer, or 503: it may be done now, later or never. */
    | { readonly kind: 'unknown' }
  );

/** Sends a request and classifies its answer. */
export async function outcomeOf(history: History, what: string, send: () => Promise<Answer>): Promise<Outcome> {
  history.operations++;
  const fromMs = performance.now();
  const answer = await send().catch(() => undefined); // the connection was refused, reset or too slow
  const interval = { fromMs, toMs: performance.now() };
  if (answer && isDefinite(answer.status)) {
    history.answered++;
    const { status, text } = answer;
    return status < 300 ? { ...interval, kind: 'ok', text } : { ...interval, kind: 'refused', status, text };
  }
  if (answer && answer.status !== 503) history.unexpected.push(`${what}: ${answer.status} ${answer.text}`);
  await delay(pauseMs);
  return { ...interval, kind: 'unknown' };
}

/** Returns true for answers that tell whether the request was done. 429 does not, and a fault run sets no limits. */
const isDefinite = (status: number) =>
  (status >= 200 && status < 300) || (status >= 400 && status < 500 && status !== 429);
