import { v1Token } from '../../contract/v1/calls.js';
import { KeybinClient } from '../../world/clients/keybin-client.js';
import type { SharedAccount } from '../clients/account.js';
import { contentIn, isNotFound, recordList, sure } from '../clients/client.js';
import { getFile, listFiles, sha256Of } from './file-lists.js';
import type { History, Life } from './history.js';
import { listAll } from './post-lists.js';
import { outcomeOf } from '../clients/requests.js';
import { logIn, Session } from '../clients/session.js';
import type { Shown } from '../world.js';

/**
 * Reads every key of every live account through every API, once nothing is in flight, and records the reads as final.
 */
export async function readAll(
  accounts: readonly SharedAccount[],
  urls: readonly string[],
  history: History,
): Promise<Shown[]> {
  return Promise.all(
    accounts.map(async (account) => {
      const shown = await Promise.all(urls.map((url) => readAccount(account, new KeybinClient(url), history)));
      return { username: account.username, ...(shown.at(-1) ?? nothing) };
    }),
  );
}

const nothing = {
  values: new Map<string, string>(),
  posts: new Map<string, string>(),
  files: new Map<string, string>(),
};

async function readAccount(account: SharedAccount, api: KeybinClient, history: History): Promise<typeof nothing> {
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
  const v1 = { api, token: await v1Token(api, life) };
  return { values, posts: await readPosts(life, v1, history), files: await readFiles(life, v1, history) };
}

interface V1 {
  readonly api: KeybinClient;
  readonly token: string;
}

async function readPosts(life: Life, { api, token }: V1, history: History): Promise<Map<string, string>> {
  const { shown } = await listAll(history, () => api, token);
  if (!shown) throw new Error(`The posts of ${life.username} could not be listed at the end`);
  life.posts.lists.push({ ...shown, final: true });
  return new Map(shown.posts);
}

async function readFiles(life: Life, { api, token }: V1, history: History): Promise<Map<string, string>> {
  const { shown } = await listFiles(history, () => api, token);
  if (!shown) throw new Error(`The files of ${life.username} could not be listed at the end`);
  life.files.lists.push({ ...shown, final: true });
  for (const { id, name, sha256 } of shown.files) {
    const outcome = await getFile(history, api, id, token);
    if (outcome.kind === 'ok' && sha256Of(outcome.text) === sha256) continue;
    history.findings.lost.push(`file ${id} of ${life.username}, ${name}, could not be read at the end`);
  }
  return new Map(shown.files.map(({ id, sha256 }) => [id, sha256]));
}
