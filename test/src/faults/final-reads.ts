import { KeybinClient } from '../world/keybin-client.js';
import type { SharedAccount } from './account.js';
import { contentIn, isNotFound, recordList, sure } from './client.js';
import type { History } from './history.js';
import { outcomeOf } from './requests.js';
import { logIn, Session } from './session.js';
import type { Shown } from './world.js';

/** Reads every key of every live account through every API, now that nothing is under way, and records it as final. */
export async function readAll(
  accounts: readonly SharedAccount[],
  urls: readonly string[],
  history: History,
): Promise<Shown[]> {
  return Promise.all(
    accounts.map(async (account) => {
      const shown = await Promise.all(urls.map((url) => readAccount(account, new KeybinClient(url), history)));
      return { username: account.username, values: shown.at(-1) ?? new Map<string, string>() };
    }),
  );
}

async function readAccount(account: SharedAccount, api: KeybinClient, history: History): Promise<Map<string, string>> {
  const values = new Map<string, string>();
  const { life } = account;
  if (!life) throw new Error(`${account.username} was left without an account`);
  const session = new Session(life, `final ${api.baseUrl}`);
  if (!(await logIn(session, api, history))) throw new Error(`Nobody could log in to ${account.username} at the end`);
  const { token = '' } = session;
  for (const key of account.keys) {
    const outcome = await outcomeOf(history, 'get', () => api.get(token, key));
    const content = outcome.kind === 'ok' ? contentIn(outcome.text) : undefined;
    if (!content && !isNotFound(outcome)) throw new Error(`${key} of ${account.username} could not be read at the end`);
    if (content !== undefined) values.set(key, content);
    life.record(key, { kind: 'read', content, final: true, ...sure(outcome) });
  }
  const list = await outcomeOf(history, 'list', () => api.keys(token));
  if (list.kind !== 'ok') throw new Error(`The keys of ${account.username} could not be listed at the end`);
  recordList(life, account.keys, list, true);
  return values;
}
