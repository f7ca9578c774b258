import type { KeybinClient } from '../../world/clients/keybin-client.js';
import type { SharedAccount } from './account.js';
import { Actor, weighted, type ActorParts } from './actor.js';
import type { Life } from '../checkers/history.js';
import { renew } from './renew.js';
import { outcomeOf, type Outcome } from './requests.js';
import { judgeRefusal, logIn, Session } from './session.js';

/** Longest pause between two requests of a client, in ms. */
const thinkingMs = 15;
/** Share of reads for which Redis is asked whether the key's write is pending. */
const lookedAt = 0.3;
/** Share of puts after which the key is read at once, mostly before a worker, if there is one, has applied them. */
const readBack = 0.2;

const actions = weighted({ put: 90, get: 80, delete: 15, list: 25, rotate: 8, renew: 1 });

/** Sends requests of all kinds for all accounts, one after the other, through all APIs, and records their outcomes. */
export class Client extends Actor {
  readonly #sessions = new Map<SharedAccount, Session>();
  #lastPut: { account: SharedAccount; key: string } | undefined;
  #values = 0;

  constructor(parts: ActorParts) {
    super(parts, thinkingMs);
  }

  protected async step(): Promise<void> {
    const action = this.parts.random.pick(actions);
    const again = action === 'get' && this.parts.random.next() < 0.5 ? this.#lastPut : undefined;
    const account = again?.account ?? this.parts.random.pick(this.parts.accounts);
    const key = again?.key ?? this.parts.random.pick(account.keys);
    const { life } = account;
    if (!life) return; // another client is about to register it
    if (action === 'renew') return renew(account, life, { api: () => this.api(), history: this.parts.history });

    const session = await this.#session(account, life);
    if (!session.token) return;
    switch (action) {
      case 'put':
        await this.#put(session, key);
        this.#lastPut = { account, key };
        if (session.token && this.parts.random.next() < readBack) await this.#get(session, key, true);
        return;
      case 'get':
        return this.#get(session, key);
      case 'delete':
        return this.#delete(session, key);
      case 'list':
        return this.#list(session, account.keys);
      case 'rotate':
        return this.#rotate(session, key);
    }
  }

  /** Returns the session, with a token if a login succeeded. */
  async #session(account: SharedAccount, life: Life): Promise<Session> {
    let session = this.#sessions.get(account);
    if (session?.life !== life) {
      session = new Session(life, this.parts.name);
      this.#sessions.set(account, session);
    }
    if (!session.token) await logIn(session, this.api(), this.parts.history);
    return session;
  }

  async #put(session: Session, key: string): Promise<void> {
    const { life, token = '' } = session;
    const content = `${this.parts.name}-${++this.#values}`;
    const api = this.api();
    const outcome = await this.#write('put', api, () => api.put(token, key, content));
    if (outcome.kind === 'refused') judgeRefusal(session, outcome, this.parts.history);
    else life.record(key, { kind: 'write', content, ...sure(outcome) });
    this.#served(session, outcome, `put of ${content} to ${key}`);
  }

  async #delete(session: Session, key: string): Promise<void> {
    const { life, token = '' } = session;
    const api = this.api();
    const outcome = await this.#write('delete', api, () => api.delete(token, key));
    if (isNotFound(outcome)) life.record(key, { kind: 'read', content: undefined, ...sure(outcome) });
    else if (outcome.kind === 'refused') judgeRefusal(session, outcome, this.parts.history);
    else life.record(key, { kind: 'write', content: undefined, found: outcome.kind === 'ok', ...sure(outcome) });
    this.#served(session, outcome, `delete of ${key}`);
  }

  #write(what: string, api: KeybinClient, send: () => ReturnType<KeybinClient['put']>): Promise<Outcome> {
    return this.parts.history.during(api.baseUrl, () => outcomeOf(this.parts.history, what, send));
  }

  async #get(session: Session, key: string, isLookedAt = this.parts.random.next() < lookedAt): Promise<void> {
    const { life, token = '' } = session;
    const look = isLookedAt ? await this.parts.service.pendingVersion?.(life, key) : undefined;
    const api = this.api();
    const outcome = await outcomeOf(this.parts.history, 'get', () => api.get(token, key));
    if (
      look !== undefined &&
      outcome.kind === 'ok' &&
      (await this.parts.service.pendingVersion?.(life, key)) === look
    ) {
      this.parts.history.readsOfPending++;
    }
    if (outcome.kind === 'ok') life.record(key, { kind: 'read', content: contentIn(outcome.text), ...sure(outcome) });
    else if (isNotFound(outcome)) life.record(key, { kind: 'read', content: undefined, ...sure(outcome) });
    else if (outcome.kind === 'refused') judgeRefusal(session, outcome, this.parts.history);
    this.#served(session, outcome, `get of ${key}`);
  }

  async #list(session: Session, keys: readonly string[]): Promise<void> {
    const { life, token = '' } = session;
    const outcome = await outcomeOf(this.parts.history, 'list', () => this.api().keys(token));
    if (outcome.kind === 'ok') recordList(life, keys, outcome);
    else if (outcome.kind === 'refused') judgeRefusal(session, outcome, this.parts.history);
    this.#served(session, outcome, 'list of keys');
  }

  /** Logs in again. The replaced token must be refused once the new one has been received. */
  async #rotate(session: Session, key: string): Promise<void> {
    const old = session.token ?? '';
    if (!(await logIn(session, this.api(), this.parts.history))) return;
    const outcome = await outcomeOf(this.parts.history, 'get', () => this.api().get(old, key));
    if (outcome.kind === 'ok' || isNotFound(outcome)) {
      this.parts.history.findings.resurrected.push(`A replaced token of ${session.life.username} was accepted`);
    }
  }

  #served(session: Session, outcome: Outcome, what: string): void {
    if (outcome.kind === 'ok' || isNotFound(outcome)) session.life.served.push({ ...sure(outcome), what });
  }
}

/** Returns the interval of a request, with its end unknown if the outcome is. */
export const sure = ({ fromMs, toMs, kind }: Outcome) => ({ fromMs, toMs: kind === 'unknown' ? Infinity : toMs });

export const isNotFound = (outcome: Outcome) => outcome.kind === 'refused' && outcome.status === 404;

// The contract's shape
export const contentIn = (text: string): string => (JSON.parse(text) as { value: string }).value;

/** Records the presence of each key in a list of an account's keys. */
export function recordList(
  life: Life,
  keys: readonly string[],
  outcome: Outcome & { readonly kind: 'ok' },
  final = false,
) {
  const listed = new Set((JSON.parse(outcome.text) as { keys: string[] }).keys); // the contract's shape
  for (const key of keys) life.record(key, { kind: 'listing', listed: listed.has(key), final, ...sure(outcome) });
}
