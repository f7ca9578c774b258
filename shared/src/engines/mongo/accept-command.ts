import type { Bearer } from './bearer.js';
import { bytesKey, clockKey, deletedKey, erasedKey, lifeKey, pendingKey, tokensKey, waitingKey } from './keys.js';
import type { ApplyJob } from './queue.js';

export interface Write {
  readonly bearer: Bearer;
  readonly key: string;
  /**
   * `P` and the value as JSON text; `D`: delete; `F` and the version of `look`: delete, because MongoDB has had the key since;
   * `N` and the content as JSON text: a new post.
   */
  readonly change: string;
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
  const accounts = new Map<string, { position: number; keys: Set<string> }>();
  const bearers = new Map<string, number>();
  const tokens: (string | number)[] = [];
  const changes: (string | number)[] = [];
  for (const { bearer, key, change } of writes) {
    let account = accounts.get(bearer.userId);
    if (!account) {
      accounts.set(bearer.userId, (account = { position: accounts.size + 1, keys: new Set() }));
      keys.push(pendingKey(prefix, bearer.userId), erasedKey(prefix, bearer.userId));
      keys.push(tokensKey(prefix, bearer.userId));
    }
    let token = bearers.get(bearer.tokenHash);
    if (token === undefined) {
      bearers.set(bearer.tokenHash, (token = bearers.size + 1));
      tokens.push(account.position, bearer.client, bearer.tokenHash);
    }
    account.keys.add(key);
    changes.push(token, key, change);
  }
  keys.push(deletedKey(prefix), lifeKey(prefix));
  const head = [deadlineUs, limits.maxPendingBytes, limits.maxBacklog, accounts.size, bearers.size];
  const args = [...head, ...accounts.keys(), ...tokens, ...changes];
  const entries = [...accounts].map(([userId, account]) => [userId, [...account.keys]] as const);
  return { keys, args, job: { name: 'apply', data: { entries } } satisfies ApplyJob };
}
