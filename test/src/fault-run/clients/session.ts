import type { KeybinClient } from '../../world/clients/keybin-client.js';
import type { History, Life } from '../checkers/history.js';
import { outcomeOf, type Outcome } from './requests.js';

/** What one client knows of its token in one account. */
export class Session {
  token: string | undefined;
  /** A login without an answer may replace the token at any time. */
  isDoubtful = false;

  constructor(
    readonly life: Life,
    readonly clientId: string,
  ) {}
}

/** Takes a new token; answers whether there is one. */
export async function logIn(session: Session, api: KeybinClient, history: History): Promise<boolean> {
  const { life, clientId } = session;
  const outcome = await outcomeOf(history, 'login', () => api.token(life.username, life.password, clientId));
  session.token = outcome.kind === 'ok' ? tokenIn(outcome.text) : undefined;
  if (outcome.kind === 'unknown') session.isDoubtful = true;
  if (outcome.kind === 'refused') judgeRefusal(session, outcome, history);
  return outcome.kind === 'ok';
}

/** A 403 to what should be let in is a loss, unless the account was being ended, or an unanswered login has replaced the token. */
export function judgeRefusal(
  session: Session,
  outcome: Outcome & { readonly kind: 'refused' },
  history: History,
): void {
  const { life, isDoubtful, token } = session;
  const { status, text, toMs } = outcome;
  const what = token ? 'token' : 'account';
  if (status !== 403) history.unexpected.push(`${status} ${text}`);
  else if (toMs < life.endingFromMs && !(token && isDoubtful)) {
    history.findings.lost.push(`The ${what} of ${life.username} (${life.password}) was refused: ${text}`);
  }
  session.token = undefined;
}

const tokenIn = (text: string): string => (JSON.parse(text) as { token: { token: string } }).token.token; // the contract's shape
