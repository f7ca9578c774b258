import { setTimeout as delay } from 'node:timers/promises';
import { Agent, setGlobalDispatcher } from 'undici';
import type { Answer } from '../../world/clients/keybin-client.js';
import type { History, Interval } from '../checkers/history.js';

/** After this a client gives up: longer than any answer may take, shorter than the longest hang. */
const answerTimeoutMs = 4_000;

/** For the whole process. */
export function giveUpInTime(): void {
  const timeouts = { headersTimeout: answerTimeoutMs, bodyTimeout: answerTimeoutMs };
  setGlobalDispatcher(new Agent({ ...timeouts, connect: { timeout: answerTimeoutMs } }));
}

/** A client that got no answer, or 503, waits before its next request, as Retry-After asks it to, though not as long. */
const pauseMs = 50;

/** What became of a request. */
export type Outcome = Interval &
  (
    | { readonly kind: 'ok'; readonly text: string }
    /** A 4xx: nothing was done. */
    | { readonly kind: 'refused'; readonly status: number; readonly text: string }
    /** No answer, or 503: it may be done, now or later, or never. */
    | { readonly kind: 'unknown' }
  );

/** Sends a request and judges its answer. */
export async function outcomeOf(history: History, what: string, send: () => Promise<Answer>): Promise<Outcome> {
  history.operations++;
  const fromMs = performance.now();
  const answer = await send().catch(() => undefined); // a connection that was refused, reset or too slow
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

/** 429 is not: it says nothing of what was asked for, and a fault run sets no limits. */
const isDefinite = (status: number) =>
  (status >= 200 && status < 300) || (status >= 400 && status < 500 && status !== 429);
