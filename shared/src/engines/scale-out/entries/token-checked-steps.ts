import { setTimeout as wait } from 'node:timers/promises';
import { deadlineIn, remainingMs, withDeadline } from '../../../deadline.js';
import { invalidToken, unavailable } from '../../../errors.js';
import type { TimeBudget } from '../../../time-budget.js';
import type { ScaleOutGroupCommit } from './group-commit.js';
import type { WriteAnswer } from './accept-answer.js';
import type { Write } from './accept-command.js';
import type { Bearer, Bearers } from '../tokens/bearer.js';

/** What these steps need of one partition's Redis keys. */
export interface CommittingPartition {
  readonly commits: Pick<ScaleOutGroupCommit, 'accept'>;
}

/** What becomes of a write whose token is live. */
export type WriteOutcome = Exclude<WriteAnswer, 'refused' | 'full' | 'marked' | 'unknown' | 'late'>;

/** Longest pause between two tries of a write whose token another process is just replacing. */
const maxPauseMs = 100;

/**
 * Steps on pending entries and posts, each of which checks the token in itself, by Redis's record of it. If there is none the token
 * is verified with MongoDB, then a read goes on without the check, after what is pending was read (again). A write goes round again
 * until it was accepted in one step with a live record: an erasure may come between a check and a write.
 */
export class TokenCheckedSteps<Partition extends CommittingPartition> {
  constructor(
    private readonly bearers: Bearers,
    private readonly partitions: readonly Partition[],
    private readonly times: Pick<TimeBudget, 'answerMs'>,
  ) {}

  /** Of a request that begins now, in `performance.now()`'s time. */
  deadline(): number {
    return deadlineIn(this.times.answerMs);
  }

  async bearer(token: string, deadlineMs: number): Promise<Bearer> {
    const bearer = this.bearers.resolve(token);
    return bearer instanceof Promise ? withDeadline(bearer, remainingMs(deadlineMs), 'finding a token') : bearer;
  }

  async verify(bearer: Bearer, deadlineMs: number): Promise<void> {
    await withDeadline(this.bearers.verify(bearer), remainingMs(deadlineMs), 'verifying a token');
  }

  /** The answer of `ask`, which is told whether the token has been verified, and checks it otherwise. */
  async read<T>(
    bearer: Bearer,
    ask: (partition: Partition, verified: boolean) => Promise<T | 'unknown'>,
    deadlineMs: number,
  ): Promise<T> {
    const partition = this.partition(bearer);
    const answer = await withDeadline(ask(partition, false), remainingMs(deadlineMs), 'reading from Redis');
    if (answer !== 'unknown') return answer;
    await this.verify(bearer, deadlineMs);
    const verified = await withDeadline(ask(partition, true), remainingMs(deadlineMs), 'reading from Redis');
    if (verified === 'unknown') throw unavailable(new Error('a verified token was checked'));
    return verified;
  }

  async write(bearer: Bearer, write: Omit<Write, 'bearer'>): Promise<WriteOutcome> {
    const { commits } = this.partition(bearer);
    const { deadlineMs } = write;
    for (let pauseMs = 0; ; pauseMs = Math.min(2 * pauseMs + 1, maxPauseMs)) {
      const answer = await commits.accept({ bearer, ...write });
      switch (answer) {
        case 'refused':
          throw invalidToken();
        case 'full':
          throw unavailable(new Error('too much is pending'));
        case 'marked':
          await this.verify(bearer, deadlineMs);
          throw unavailable(new Error('the account is being erased'));
        case 'unknown':
          await this.verify(bearer, deadlineMs);
          if (pauseMs > 0) await wait(pauseMs);
          continue;
        case 'late':
          continue;
        default:
          return answer;
      }
    }
  }

  partition({ partition }: Bearer): Partition {
    const found = this.partitions[partition];
    if (!found) throw new Error(`there is no partition ${partition}`);
    return found;
  }
}
