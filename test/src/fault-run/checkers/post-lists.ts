import { listPosts } from '../../contract/v1/calls.js';
import type { KeybinClient } from '../../world/clients/keybin-client.js';
import type { History } from './history.js';
import { listPages } from '../clients/pages.js';
import type { ShownPosts } from './posts.js';
import { outcomeOf, type Outcome } from '../clients/requests.js';

interface Page {
  readonly posts: readonly { readonly post_id: string; readonly content: string }[];
  readonly next: string | null;
}

/**
 * Lists all pages of an account's posts, and returns them if every request succeeded. Each request uses a new `api`.
 */
export async function listAll(
  history: History,
  api: () => KeybinClient,
  token: string,
): Promise<{ readonly outcome: Outcome; readonly shown?: ShownPosts }> {
  const { outcome, listed } = await listPages<[id: string, content: string]>(
    (after) => outcomeOf(history, 'list of posts', () => listPosts(api(), token, { limit: '20', after })),
    (text) => {
      const { posts, next } = JSON.parse(text) as Page; // the contract's shape
      return { items: posts.map(({ post_id: id, content }) => [id, content]), next };
    },
  );
  if (!listed) return { outcome };
  const { items: posts, ...when } = listed;
  return { outcome, shown: { ...when, posts } };
}
