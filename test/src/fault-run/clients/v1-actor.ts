import { login } from '../../contract/v1/calls.js';
import type { SharedAccount } from './account.js';
import { Actor } from './actor.js';
import { isNotFound, sure } from './client.js';
import type { Life } from '../checkers/history.js';
import { outcomeOf, type Outcome } from './requests.js';

export interface V1Session {
  readonly life: Life;
  token: string | undefined;
}

/** Logs in below `/v1`, to any account, and uses each token for one action. */
export abstract class V1Actor extends Actor {
  readonly #sessions = new Map<SharedAccount, V1Session>();

  protected async step(): Promise<void> {
    const account = this.parts.random.pick(this.parts.accounts);
    const { life } = account;
    if (!life) return; // another client is about to register it
    const session = await this.#session(account, life);
    if (session.token !== undefined) await this.act(session, session.token);
  }

  protected abstract act(session: V1Session, token: string): Promise<void>;

  /** Returns the session, with a token if a login succeeded. */
  async #session(account: SharedAccount, life: Life): Promise<V1Session> {
    let session = this.#sessions.get(account);
    if (session?.life !== life) {
      session = { life, token: undefined };
      this.#sessions.set(account, session);
    }
    if (session.token !== undefined) return session;
    const { username, password } = life;
    const outcome = await outcomeOf(this.parts.history, 'v1 login', () => login(this.api(), username, password));
    // The contract's shape
    if (outcome.kind === 'ok') session.token = (JSON.parse(outcome.text) as { token: string }).token;
    if (outcome.kind === 'refused') this.refused(session, outcome);
    return session;
  }

  /** Judges a refusal. A 401 is a loss, unless the account was being deleted. */
  protected refused(session: V1Session, { status, text, toMs }: Outcome & { readonly kind: 'refused' }): void {
    const { life, token } = session;
    if (status !== 401) this.parts.history.unexpected.push(`${status} ${text}`);
    else if (toMs < life.endingFromMs) {
      const what = token === undefined ? 'account' : 'token of /v1';
      this.parts.history.findings.lost.push(`The ${what} of ${life.username} (${life.password}) was refused: ${text}`);
    }
    session.token = undefined;
  }

  protected served({ life }: V1Session, outcome: Outcome, what: string): void {
    if (outcome.kind === 'ok' || isNotFound(outcome)) life.served.push({ ...sure(outcome), what });
  }
}
