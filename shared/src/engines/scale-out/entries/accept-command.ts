import type { Bearer } from '../tokens/bearer.js';
import {
  bytesKey,
  clockKey,
  deletedKey,
  erasedKey,
  epochKey,
  pendingKey,
  tokensKey,
  waitingKey,
} from '../redis/keys.js';
import type { ApplyJob } from '../queue/partition-queue.js';

export interface Write {
  readonly bearer: Bearer;
  readonly key: string;
  /**
   * `P` and the value as JSON text; `D`: delete; `F` and the version of `look`: delete, because MongoDB has had the key since;
   * `N` and the content as JSON text: a new post.
   */
  readonly change: string;
  /** The id of the request that it comes from. */
  readonly request?: string | undefined;
  /** In `performance.now()`'s time: the answer is needed by then, and nothing is accepted later. */
  readonly deadlineMs: number;
}

/** What one partition may have pending. */
export interface Limits {
  readonly maxPendingBytes: number;
  /** Entries pending, and jobs waiting. */
  readonly maxBacklog: number;
}

/** Where the writes are accepted. */
export interface AcceptPlace {
  /** Of the partition's keys. */
  readonly prefix: string;
  readonly waitKey: string;
  readonly limits: Limits;
}

/** The keys and arguments of `accept.lua` for these writes, and the job that applies them. `deadlineUs` is in Redis's time. */
export function acceptCommand(writes: readonly Write[], deadlineUs: number, { prefix, waitKey, limits }: AcceptPlace) {
  const keys = [clockKey, waitingKey, bytesKey].map((name) => name(prefix)).concat(waitKey);
  const accounts = new Map<string, { position: number; requestOf: Map<string, string> }>();
  const bearers = new Map<string, number>();
  const tokens: (string | number)[] = [];
  const changes: (string | number)[] = [];
  for (const { bearer, key, change, request = '' } of writes) {
    let account = accounts.get(bearer.userId);
    if (!account) {
      accounts.set(bearer.userId, (account = { position: accounts.size + 1, requestOf: new Map() }));
      keys.push(pendingKey(prefix, bearer.userId), erasedKey(prefix, bearer.userId));
      keys.push(tokensKey(prefix, bearer.userId));
    }
    let token = bearers.get(bearer.tokenHash);
    if (token === undefined) {
      bearers.set(bearer.tokenHash, (token = bearers.size + 1));
      tokens.push(account.position, bearer.client, bearer.tokenHash);
    }
    account.requestOf.set(key, request); // of several writes of a key the last one's: that is the one applied
    changes.push(token, key, change);
  }
  keys.push(deletedKey(prefix), epochKey(prefix));
  const head = [deadlineUs, limits.maxPendingBytes, limits.maxBacklog, accounts.size, bearers.size];
  const args = [...head, ...accounts.keys(), ...tokens, ...changes];
  const entries = [...accounts].map(([userId, { requestOf }]) => [userId, [...requestOf.keys()]] as const);
  const requests = [...accounts.values()].flatMap(({ requestOf }) => [...requestOf.values()]);
  const data = requests.some((request) => request !== '') ? { entries, requests } : { entries };
  return { keys, args, job: { name: 'apply', data } satisfies ApplyJob };
}
