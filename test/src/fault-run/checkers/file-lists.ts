import { createHash } from 'node:crypto';
import { uploadPath } from '../../contract/v1/upload-calls.js';
import type { KeybinClient } from '../../world/clients/keybin-client.js';
import type { ShownFile, ShownFiles } from './files.js';
import type { History } from './history.js';
import { listPages } from '../clients/pages.js';
import { outcomeOf, type Outcome } from '../clients/requests.js';

interface Page {
  readonly files: readonly { readonly file_id: string; readonly upload: string; readonly sha256: string }[];
  readonly next: string | null;
}

/**
 * Lists all pages of an account's files, and returns them if every request succeeded. Each request uses a new `api`.
 */
export async function listFiles(
  history: History,
  api: () => KeybinClient,
  token: string,
): Promise<{ readonly outcome: Outcome; readonly shown?: ShownFiles }> {
  const { outcome, listed } = await listPages<ShownFile>(
    (after) => {
      const path = `${uploadPath(token)}&limit=100&after=${after}`;
      return outcomeOf(history, 'list of files', () => api().send('GET', path));
    },
    (text) => {
      const { files, next } = JSON.parse(text) as Page; // the contract's shape
      return { items: files.map(({ file_id: id, upload: name, sha256 }) => ({ id, name, sha256 })), next };
    },
  );
  if (!listed) return { outcome };
  const { items: files, ...when } = listed;
  return { outcome, shown: { ...when, files } };
}

/** Returns the bytes of a file, which are text. */
export const getFile = (history: History, api: KeybinClient, id: string, token: string): Promise<Outcome> =>
  outcomeOf(history, 'download', () => api.send('GET', uploadPath(token, id)));

export const sha256Of = (text: string) => createHash('sha256').update(text).digest('hex');
