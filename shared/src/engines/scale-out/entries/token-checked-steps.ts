import { setTimeout as wait } from 'node:timers/promises';
import { deadlineIn, remainingMs, withDeadline } from '../../../deadline.js';
import { expiredToken, invalidToken, unavailable } from '../../../errors.js';
import type { TimeBudget } from '../../../time-budget.js';
import type { ScaleOutGroupCommit } from './group-commit.js';
import type { WriteAnswer } from './accept-answer.js';
import type { Write } from './accept-command.js';
import type { Bearer, Bearers } from '../tokens/bearer.js';

/** Parts of one partition that these steps need. */
export interface CommittingPartition {
  readonly commits: Pick<ScaleOutGroupCommit, 'accept'>;
}

/** Outcome of a write whose token is live. */
export type WriteOutcome = Exclude<WriteAnswer, 'refused' | 'expired' | 'full' | 'marked' | 'unknown' | 'late'>;

/** Longest pause between two tries of a write while another process replaces its token. */
const maxPauseMs = 100;

/**
 * Reads and writes of pending entries and posts. Each checks the token in the same step of Redis, by its record there.
 * If Redis has no record, MongoDB verifies the token. Then a read asks Redis once more, without the check. A write is
 * repeated until a step finds a live record and accepts it, because an erasure may come between a check and a write.
 */
export class TokenCheckedSteps<Partition extends CommittingPartition> {
  constructor(
    private readonly bearers: Bearers,
    private readonly partitions: readonly Partition[],
    private readonly times: Pick<TimeBudget, 'answerMs'>,
  ) {}

  /** Begins a request. Returns the bearer of `token`, and the deadline in `performance.now()`'s time. */
  async begin(token: string): Promise<{ readonly bearer: Bearer; readonly deadlineMs: number }> {
    const deadlineMs = deadlineIn(this.times.answerMs);
    const found = this.bearers.resolve(token);
    const bearer =
      found instanceof Promise ? await withDeadline(found, remainingMs(deadlineMs), 'finding a token') : found;
    return { bearer, deadlineMs };
  }

  async verify(bearer: Bearer, deadlineMs: number): Promise<void> {
    await withDeadline(this.bearers.verify(bearer), remainingMs(deadlineMs), 'verifying a token');
  }

  /** Resolves with the answer of `ask`, which checks the token unless it is told that the token was verified. */
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
    if (verified === 'unknown') throw unavailable(new Error('Redis has forgotten the verified token'));
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
        case 'expired':
          throw expiredToken();
        case 'full':
          throw unavailable(new Error('the queue is full'));
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
