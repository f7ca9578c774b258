import type { KeybinClient } from '../../world/clients/keybin-client.js';
import type { SharedAccount } from './account.js';
import type { History, Life } from '../checkers/history.js';
import { outcomeOf } from './requests.js';

/** Client that deletes and registers an account. */
export interface Owner {
  /** Returns a client of any of the APIs. */
  readonly api: () => KeybinClient;
  readonly history: History;
}

/** Deletes an account, repeating the request until the outcome is certain, and registers the next one of its name. */
export async function renew(account: SharedAccount, life: Life, owner: Owner): Promise<void> {
  account.life = undefined;
  account.seenGone = (await unregister(life, owner)) ? undefined : life;
  await register(account, owner);
}

/** Deletes an account. Returns true if that was acknowledged, and false if only a refusal showed it. */
async function unregister(life: Life, { api, history }: Owner): Promise<boolean> {
  const { username, password } = life;
  life.endingFromMs = performance.now();
  for (let attempt = 1; ; attempt++) {
    const outcome = await outcomeOf(history, 'unregister', () => api().unregister(username, password));
    if (outcome.kind === 'unknown') continue;
    if (outcome.kind === 'refused' && attempt === 1) {
      history.findings.lost.push(
        `The account ${username} (${password}) was refused when it was to end: ${outcome.text}`,
      );
    }
    life.endedMs = outcome.toMs;
    return outcome.kind === 'ok';
  }
}

/** Registers an account. Each attempt has its own password, which tells which one was done, perhaps late. */
export async function register(account: SharedAccount, owner: Owner): Promise<void> {
  const { api, history } = owner;
  for (;;) {
    const life = history.life(account.username, account.nextPassword());
    const outcome = await outcomeOf(history, 'register', () => api().register(life.username, life.password));
    if (outcome.kind === 'ok') {
      account.life = life;
      return;
    }
    if (outcome.kind === 'unknown') account.maybe.push(life);
    else if (await adopt(account, owner)) return;
  }
}

/**
 * Takes over the account of a registration without an answer, which has the name. Returns false if no login succeeds.
 */
async function adopt(account: SharedAccount, owner: Owner): Promise<boolean> {
  const { api, history } = owner;
  let unknown = await isBack(account, owner);
  for (const life of account.maybe) {
    const { username, password } = life;
    const outcome = await outcomeOf(history, 'login', () => api().token(username, password, 'owner'));
    if (outcome.kind === 'unknown') unknown = true;
    if (outcome.kind !== 'ok') continue;
    account.maybe = account.maybe.filter((other) => other !== life);
    account.life = life;
    return true;
  }
  if (!unknown) history.findings.resurrected.push(`The name ${account.username} is taken, though nobody has it`);
  return false;
}

/** Returns true if the account whose end was only seen may exist again. */
async function isBack({ seenGone }: SharedAccount, { api, history }: Owner): Promise<boolean> {
  if (!seenGone) return false;
  const { username, password } = seenGone;
  const outcome = await outcomeOf(history, 'login', () => api().token(username, password, 'owner'));
  return outcome.kind !== 'refused';
}
