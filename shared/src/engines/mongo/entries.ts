import { setTimeout as wait } from 'node:timers/promises';
import { answerDeadline, remainingMs, withDeadline } from '../../deadline.js';
import { invalidToken, keyNotFound, unavailable } from '../../errors.js';
import type { Entries } from '../../ports.js';
import type { GroupCommit, WriteAnswer } from './accept.js';
import type { Bearer, Bearers } from './bearer.js';
import { mergeKeys } from './merge-keys.js';
import type { PendingReads } from './read.js';
import type { StoredEntries } from './stored-entries.js';

/** What entries need of one partition's Redis keys. */
export interface EntriesPartition {
  readonly commits: Pick<GroupCommit, 'accept'>;
  readonly pending: Pick<PendingReads, 'read' | 'keys'>;
}

type Look = Extract<WriteAnswer, `look${number}`>;
const isLook = (answer: string): answer is Look => answer.startsWith('look');

/** Longest pause between two tries of a write whose token another process is just replacing. */
const maxPauseMs = 100;

/**
 * Entries of the scale-out engine. A write is answered when Redis has it; a worker brings it to MongoDB. Hence a read looks at
 * what is pending first and at MongoDB afterwards, one after the other: the other way round, or side by side, an entry that is
 * applied in between would be seen in neither.
 *
 * Every step on pending entries checks the token in itself, by Redis's record of it. If there is none the token is verified
 * with MongoDB, then a read goes on without the check, after what is pending was read (again). A write goes round again until
 * it was accepted in one step with a live record: an erasure may come between a check and a write.
 */
export class PendingFirstEntries implements Entries {
  constructor(
    private readonly bearers: Bearers,
    private readonly partitions: readonly EntriesPartition[],
    private readonly stored: Pick<StoredEntries, 'find' | 'keys'>,
  ) {}

  async get(token: string, key: string): Promise<string> {
    const deadlineMs = answerDeadline();
    const bearer = await this.#resolve(token, deadlineMs);
    const { pending } = this.#partition(bearer);
    let entry = await pending.read(bearer, key, false);
    if (entry === 'unknown') {
      await this.#verify(bearer, deadlineMs);
      entry = await withDeadline(pending.read(bearer, key, true), remainingMs(deadlineMs), 'reading from Redis');
    }
    const json = typeof entry === 'object' ? entry.json : await this.stored.find(bearer.userId, key, deadlineMs);
    if (json === undefined) throw keyNotFound(key);
    return json;
  }

  async keys(token: string): Promise<string[]> {
    const deadlineMs = answerDeadline();
    const bearer = await this.#resolve(token, deadlineMs);
    const { pending } = this.#partition(bearer);
    let listed = await pending.keys(bearer, false);
    if (listed === 'unknown') {
      await this.#verify(bearer, deadlineMs);
      listed = await withDeadline(pending.keys(bearer, true), remainingMs(deadlineMs), 'listing keys in Redis');
    }
    if (listed === 'unknown') throw unavailable(new Error('a verified token was checked'));
    const stored = [];
    for await (const page of this.stored.keys(bearer.userId, deadlineMs)) stored.push(page);
    return mergeKeys(stored.flat(), listed);
  }

  async put(token: string, key: string, json: string): Promise<void> {
    const deadlineMs = answerDeadline();
    await this.#write(await this.#resolve(token, deadlineMs), key, `P${json}`, deadlineMs);
  }

  async delete(token: string, key: string): Promise<void> {
    const deadlineMs = answerDeadline();
    const bearer = await this.#resolve(token, deadlineMs);
    let found = await this.#write(bearer, key, 'D', deadlineMs);
    // Again if another delete came to MongoDB meanwhile: of two deletes of one value one finds nothing
    while (isLook(found) && (await this.stored.find(bearer.userId, key, deadlineMs)) !== undefined) {
      found = await this.#write(bearer, key, `F${found.slice('look'.length)}`, deadlineMs);
    }
    if (found !== 'accepted') throw keyNotFound(key);
  }

  async #write(bearer: Bearer, key: string, change: string, deadlineMs: number): Promise<'accepted' | 'absent' | Look> {
    const { commits } = this.#partition(bearer);
    for (let pauseMs = 0; ; pauseMs = Math.min(2 * pauseMs + 1, maxPauseMs)) {
      const answer = await commits.accept({ bearer, key, change, deadlineMs });
      switch (answer) {
        case 'refused':
          throw invalidToken();
        case 'full':
          throw unavailable(new Error('too much is pending'));
        case 'marked':
          await this.#verify(bearer, deadlineMs);
          throw unavailable(new Error('the account is being erased'));
        case 'unknown':
          await this.#verify(bearer, deadlineMs);
          if (pauseMs > 0) await wait(pauseMs);
          continue;
        case 'late':
          continue;
        case 'absent':
          return answer;
        default:
          return isLook(answer) ? answer : 'accepted';
      }
    }
  }

  async #resolve(token: string, deadlineMs: number): Promise<Bearer> {
    const bearer = this.bearers.resolve(token);
    return bearer instanceof Promise ? withDeadline(bearer, remainingMs(deadlineMs), 'finding a token') : bearer;
  }

  async #verify(bearer: Bearer, deadlineMs: number): Promise<void> {
    await withDeadline(this.bearers.verify(bearer), remainingMs(deadlineMs), 'verifying a token');
  }

  #partition({ partition }: Bearer): EntriesPartition {
    const found = this.partitions[partition];
    if (!found) throw new Error(`there is no partition ${partition}`);
    return found;
  }
}
