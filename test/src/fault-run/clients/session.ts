import type { KeybinClient } from '../../world/clients/keybin-client.js';
import type { History, Life } from '../checkers/history.js';
import { outcomeOf, type Outcome } from './requests.js';

/** State of one client's token in one account. */
export class Session {
  token: string | undefined;
  /** True if an unanswered login may replace the token at any time. */
  isDoubtful = false;

  constructor(
    readonly life: Life,
    readonly clientId: string,
  ) {}
}

/** Logs in. Returns true if that gave a token. */
export async function logIn(session: Session, api: KeybinClient, history: History): Promise<boolean> {
  const { life, clientId } = session;
  const outcome = await outcomeOf(history, 'login', () => api.token(life.username, life.password, clientId));
  session.token = outcome.kind === 'ok' ? tokenIn(outcome.text) : undefined;
  if (outcome.kind === 'unknown') session.isDoubtful = true;
  if (outcome.kind === 'refused') judgeRefusal(session, outcome, history);
  return outcome.kind === 'ok';
}

/** Judges a refusal. A 403 is a loss, unless the account is being deleted or an unanswered login replaced the token. */
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

// The contract's shape
const tokenIn = (text: string): string => (JSON.parse(text) as { token: { token: string } }).token.token;
