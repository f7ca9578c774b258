import type { Bearer } from '../tokens/bearer.js';
import {
  bytesKey,
  clockKey,
  erasedKey,
  epochKey,
  jobsKey,
  pendingKey,
  slotsKey,
  tokensKey,
  waitingKey,
} from '../redis/keys.js';
import type { Limits } from '../queue/limits.js';
import type { ApplyJob } from '../queue/partition-queue.js';
import { slotsOf } from './slots.js';

export interface Write {
  readonly bearer: Bearer;
  readonly key: string;
  /**
   * Operation and its argument, as in `accept.lua`:
   *
   * - `P` and the value as JSON text: put.
   * - `D`: delete.
   * - `F` and the state of a `Look`: delete, because MongoDB has had the key since.
   * - `N` and the content as JSON text: a new post.
   */
  readonly change: string;
  /** Id of the request that the write belongs to. */
  readonly request?: string | undefined;
  /** Deadline in `performance.now()`'s time. The answer is needed by then, and nothing is accepted later. */
  readonly deadlineMs: number;
}

/** Partition that accepts the writes. */
export interface AcceptPlace {
  /** Prefix of the partition's keys. */
  readonly prefix: string;
  readonly waitKey: string;
  readonly limits: Limits;
  /** True if a job is added with the writes, or after them. */
  readonly hasJob: boolean;
}

/** Account of some of the writes. */
interface WritingAccount {
  /** Position among the accounts of the command, from 1. */
  readonly position: number;
  readonly slotOf: (key: string) => number;
  /** Key -> id of the request that wrote it last, or an empty text. */
  readonly requestOf: Map<string, string>;
}

/** Upper estimate of what BullMQ stores of a job beside its data, and for each account and write of its data. */
const jobBytes = { job: 700, account: 45, write: 8 } as const;

/**
 * Returns the keys and arguments of `accept.lua` for these writes, and the job that applies them. `deadlineUs` is in µs
 * of Redis's time.
 */
export function acceptCommand(writes: readonly Write[], deadlineUs: number, place: AcceptPlace) {
  const { prefix, waitKey, limits, hasJob } = place;
  const keys = [clockKey, waitingKey, bytesKey].map((name) => name(prefix)).concat(waitKey);
  const accounts = new Map<string, WritingAccount>();
  const bearers = new Map<string, string>();
  const tokens: (string | number)[] = [];
  const changes: string[] = [];
  let dataBytes = 0;
  for (const { bearer, key, change, request = '' } of writes) {
    let account = accounts.get(bearer.userId);
    if (!account) {
      account = { position: accounts.size + 1, slotOf: slotsOf(bearer.userId), requestOf: new Map() };
      accounts.set(bearer.userId, account);
      keys.push(pendingKey(prefix, bearer.userId), erasedKey(prefix, bearer.userId));
      keys.push(tokensKey(prefix, bearer.userId));
    }
    let token = bearers.get(bearer.tokenHash);
    if (token === undefined) {
      bearers.set(bearer.tokenHash, (token = `${String(bearers.size + 1).padStart(4, '0')}#`));
      tokens.push(account.position, bearer.client, bearer.tokenHash);
    }
    dataBytes += key.length + request.length;
    account.requestOf.set(key, request); // of several writes of a key, only the last one is applied
    changes.push(token + account.slotOf(key), key, change);
  }
  keys.push(jobsKey(prefix), slotsKey(prefix), epochKey(prefix));
  dataBytes += jobBytes.job + jobBytes.account * accounts.size + jobBytes.write * writes.length;
  const bounds = [deadlineUs, limits.maxEntryBytes, limits.maxBacklog, limits.maxJobBytes];
  const head = [...bounds, hasJob ? dataBytes : 0, accounts.size, bearers.size];
  const args = [...head, ...accounts.keys(), ...tokens, ...changes];
  const entries = [...accounts].map(([userId, { requestOf }]) => [userId, [...requestOf.keys()]] as const);
  const requests = [...accounts.values()].flatMap(({ requestOf }) => [...requestOf.values()]);
  const data = requests.some((request) => request !== '') ? { entries, requests } : { entries };
  return { keys, args, job: { name: 'apply', data } satisfies ApplyJob };
}
