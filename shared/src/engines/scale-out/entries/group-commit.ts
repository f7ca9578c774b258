import { setImmediate as nextTurn } from 'node:timers/promises';
import { GroupPacing } from '../../../batching/group-pacing.js';
import { withDeadline } from '../../../deadline.js';
import { KeybinError, unavailable } from '../../../errors.js';
import { assertInvariant } from '../../../invariant.js';
import type { Log } from '../../../process/log.js';
import type { TimeBudget } from '../../../time-budget.js';
import { WriteGroup } from '../../../batching/write-group.js';
import { unobserved, type WriteObserver } from '../../../ports/write-observer.js';
import { parseAcceptAnswer, type WriteAnswer } from './accept-answer.js';
import { acceptCommand, type Write } from './accept-command.js';
import type { Limits } from '../queue/limits.js';
import type { ApplyJob, PartitionQueue } from '../queue/partition-queue.js';
import type { WriteRefusals } from '../queue/write-refusals.js';
import type { RedisConnection } from '../redis/redis-connection.js';
import { loadScript, type Script } from '../redis/scripts.js';

/** Outcomes of commits by partition. */
export type CommitOutcomes = Pick<WriteRefusals, 'accepted' | 'full' | 'failed'>;

export interface ScaleOutGroupCommitParts {
  readonly partition: number;
  readonly connection: RedisConnection;
  readonly queue: PartitionQueue;
  readonly limits: Limits;
  readonly log: Log;
  readonly observer?: Pick<WriteObserver, 'accepted' | 'invariantFailed'>;
  /** Notes the outcome of each commit. */
  readonly refusals?: CommitOutcomes;
  readonly script?: Script | undefined;
  readonly times: Pick<TimeBudget, 'commitMs' | 'leastCommitMs' | 'freshWriteMs'>;
}

const maxGroupEntries = 1_000;
const maxGroupBytes = 4 * 1024 * 1024;

const noTimeLeft = () => unavailable(new Error('no time left for a commit'));

class Group extends WriteGroup<Write, WriteAnswer> {
  bytes = 0;

  /** Adds a write. Returns its position among the answers. */
  add(write: Write, bytes: number): number {
    this.bytes += bytes;
    return this.writes.push(write) - 1;
  }
}

const fits = (entries: number, bytes: number) =>
  entries <= maxGroupEntries && (entries === 1 || bytes <= maxGroupBytes);

const fitTogether = (groups: readonly Group[]) =>
  fits(
    groups.reduce((sum, { size }) => sum + size, 0),
    groups.reduce((sum, { bytes }) => sum + bytes, 0),
  );

/**
 * Accepts the writes of one partition in groups.
 *
 *     idle --write--> gathering --end of the turn--> committing --answer--> the next group, or idle
 *
 * Writes that arrive during a commit gather for the next one. Each group takes half of the writes in flight (see
 * `GroupPacing`). A commit is one `MULTI` of `accept.lua` for the whole group and one BullMQ job that lists its keys.
 * It has a deadline in Redis's time, because a command that timed out here may still run there. The results of the
 * `MULTI` decide what follows:
 *
 *     script unknown to Redis     nothing is staged: load it and commit again (the job alone is harmless)
 *     only the job failed         the entries are staged: add only the job again, because accepting again could win
 *                                 over a write acknowledged in between. If that fails, the sweeper finds the entries
 *     no room for any write       the next commit goes without its job, which is added afterwards if something was
 *                                 accepted: refused writes must not fill Redis with jobs
 *     no room for jobs            the next commit has no job, and the sweeper finds its entries
 *     aborted, out of memory      nothing is staged: `unavailable`
 *     no answer                   outcome unknown: `unavailable`
 */
export class ScaleOutGroupCommit {
  readonly #prefix: string;
  readonly #connection: RedisConnection;
  readonly #queue: PartitionQueue;
  readonly #limits: Limits;
  readonly #log: Log;
  readonly #observer: Pick<WriteObserver, 'accepted' | 'invariantFailed'>;
  readonly #refusals: CommitOutcomes | undefined;
  readonly #partition: number;
  readonly #script: Script;
  readonly #times: ScaleOutGroupCommitParts['times'];
  readonly #groups: Group[] = [];
  readonly #pacing = new GroupPacing();
  #busy = false;
  /** True if the last commit accepted nothing because there was no room, or no epoch. */
  #noRoom = false;
  /** True if the waiting jobs took up all their room at the last commit. */
  #jobsAreFull = false;

  constructor({
    partition,
    connection,
    queue,
    limits,
    log,
    observer = unobserved,
    refusals,
    script,
    times,
  }: ScaleOutGroupCommitParts) {
    this.#prefix = connection.prefixOf(partition);
    this.#partition = partition;
    this.#refusals = refusals;
    this.#connection = connection;
    this.#queue = queue;
    this.#limits = limits;
    this.#log = log;
    this.#observer = observer;
    this.#script = script ?? loadScript('entries/accept');
    this.#times = times;
  }

  /**
   * Resolves with the answer to this write once it is durable. After it throws `unavailable`, the outcome may be
   * unknown.
   */
  async accept(write: Write): Promise<WriteAnswer> {
    const remainingMs = write.deadlineMs - performance.now();
    if (remainingMs < this.#times.leastCommitMs) throw noTimeLeft();
    const bytes = Buffer.byteLength(write.change);
    let group = this.#groups.at(-1);
    if (!group || group.size >= this.#pacing.fullSize || !fits(group.size + 1, group.bytes + bytes)) {
      this.#groups.push((group = new Group()));
    }
    const position = group.add(write, bytes);
    const mustWait = this.#busy;
    if (!mustWait) {
      this.#busy = true;
      void this.#commitGathered();
    }
    const answers = await (mustWait && remainingMs < this.#times.freshWriteMs
      ? withDeadline(group.answers, remainingMs, 'waiting for the commit before')
      : group.answers);
    return answers[position] ?? 'late'; // no answers: the deadline of the group was over
  }

  async #commitGathered(): Promise<void> {
    await nextTurn();
    while (this.#groups.length > 0) await this.#answer(this.#pacing.take(this.#groups, fitTogether));
    this.#busy = false;
  }

  async #answer(groups: readonly Group[]): Promise<void> {
    try {
      const answers = await this.#commit(groups.flatMap(({ writes }) => writes));
      this.#pacing.hold(() => {
        let answered = 0;
        for (const group of groups) group.resolve(answers.slice(answered, (answered += group.size)));
      }, this.#groups.length > 0);
    } catch (error) {
      for (const group of groups) group.reject(error);
    }
  }

  async #commit(writes: readonly Write[]): Promise<readonly WriteAnswer[]> {
    for (;;) {
      const latestMs = performance.now() + this.#times.leastCommitMs;
      const inTime = writes.filter(({ deadlineMs }) => deadlineMs >= latestMs);
      if (inTime.length === 0) throw noTimeLeft();
      const deadlineMs = Math.min(...inTime.map((write) => write.deadlineMs));
      const remainingMs = Math.min(deadlineMs - performance.now(), this.#times.commitMs);
      const answers = await withDeadline(this.#send(inTime, remainingMs), remainingMs, 'a commit to Redis');
      if (!answers) continue;
      let answered = 0;
      return writes.map((write) => (write === inTime[answered] ? answers[answered++] : undefined) ?? 'late');
    }
  }

  /** Sends a commit. Resolves with `undefined` if Redis did not know the script, which is loaded now. */
  async #send(writes: readonly Write[], remainingMs: number): Promise<readonly WriteAnswer[] | undefined> {
    try {
      const [connection, queue, script] = [this.#connection, this.#queue, this.#script];
      const { connectionNumber } = connection;
      const transaction = queue.transaction();
      const deadlineUs = Math.floor(connection.timeUs + remainingMs * 1_000);
      const isLeftToSweeper = this.#jobsAreFull;
      const withJob = !this.#noRoom && !isLeftToSweeper;
      const place = { prefix: this.#prefix, waitKey: queue.waitKey, limits: this.#limits, hasJob: !isLeftToSweeper };
      const { keys, args, job } = acceptCommand(writes, deadlineUs, place);
      transaction.evalsha(script.sha, keys.length, ...keys, ...args);
      if (withJob) await queue.addTo(transaction, job);
      const executed = transaction.exec();
      this.#pacing.commitBegan(writes.length);
      const [ran, added] = (await executed) ?? [];
      if (connection.connectionNumber !== connectionNumber) throw new Error('Redis reconnected during the commit');
      if (!ran || (withJob && !added)) throw new Error('the transaction was not executed');
      if (ran[0]?.message.startsWith('NOSCRIPT')) {
        await connection.client.script('LOAD', script.lua);
        return undefined;
      }
      if (ran[0]) {
        this.#noRoom ||= ran[0].message.startsWith('NOEPOCH'); // refused writes must not fill Redis with jobs
        throw ran[0];
      }
      const { timeUs, answers, accepted, coalesced, jobsAreFull, versionsRise } = parseAcceptAnswer(ran[1]);
      connection.observeTime(timeUs);
      if (answers.length > 0) this.#jobsAreFull = jobsAreFull;
      const needsJob = accepted > 0;
      if (needsJob) this.#observer.accepted(accepted, coalesced);
      const anyFull = answers.includes('full');
      this.#noRoom = !needsJob && anyFull;
      if (needsJob) this.#refusals?.accepted(this.#partition);
      if (anyFull) this.#refusals?.full(this.#partition);
      if (needsJob && !isLeftToSweeper && (!added || added[0])) await this.#addJob(job, added?.[0]);
      // Last: what was accepted must be applied, whatever its clients are told
      const isWhole = answers.length === writes.length || answers.length === 0; // none: the group's deadline was over
      assertInvariant(isWhole, 'commit_answers_each', this.#observer);
      assertInvariant(versionsRise, 'commit_versions_rise', this.#observer);
      return answers;
    } catch (error) {
      this.#refusals?.failed(this.#partition, error);
      throw error instanceof KeybinError ? error : unavailable(error);
    }
  }

  /** Adds a job by itself. `reason`: the error of adding it together with its entries, if that was tried. */
  async #addJob(job: ApplyJob, reason: Error | null | undefined): Promise<void> {
    if (reason) this.#log.info({ err: reason }, 'A job was not added with its entries; adding it again');
    try {
      await this.#queue.add(job);
    } catch (error) {
      this.#log.warn({ err: error }, 'Entries were accepted without a job; the sweeper applies them');
    }
  }
}
