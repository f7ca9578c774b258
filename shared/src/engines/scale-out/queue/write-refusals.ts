import type { Log } from '../../../process/log.js';
import { repeatUntilAborted } from '../../../repeat-until-aborted.js';
import type { TimeBudget } from '../../../time-budget.js';
import { bytesKey, epochKey, probeKey, slotsKey, waitingKey } from '../redis/keys.js';
import type { PartitionedRedis } from '../redis/partitioned-redis.js';
import { loadScript, runScript } from '../redis/scripts.js';
import type { Limits } from './limits.js';

/** Reason why writes are refused, and what to do. Anyone may see both: they hold no address and no name. */
export interface Refusal {
  readonly reason: string;
  readonly remedy: string;
}

const refusedBy = (why: string, remedy: string): Refusal => ({ reason: `Redis refuses writes: ${why}`, remedy });

const queueStatus = "see 'keybin queue status'";

/** Errors with which Redis refuses a write. An answer that did not come is no refusal. */
const refusals: readonly (readonly [RegExp, Refusal])[] = [
  [/\bOOM\b/, refusedBy('it is at maxmemory', `raise maxmemory, or find out why so many writes wait: ${queueStatus}`)],
  [/\bNOREPLICAS\b/, refusedBy('it has fewer replicas than min-replicas-to-write', 'bring the replicas back')],
  [/\bREADONLY\b/, refusedBy('it is a replica', 'set [QUEUE] redis to the primary')],
  [/\bMISCONF\b/, refusedBy('it cannot write to its disk', 'make room on the disk of Redis, or fix it')],
  [
    /\bNOEPOCH\b/,
    refusedBy('it was emptied, and MongoDB has given no number for a new epoch', 'wait, or start MongoDB'),
  ],
  [/\bLOADING\b/, refusedBy('it is still loading its data', 'wait')],
  [
    /\bNOPERM\b|can't run this command|can't access/,
    refusedBy('its ACL does not let Keybin write', 'allow Keybin the commands and keys it uses'),
  ],
];

const full: Refusal = {
  reason: 'Writes are refused: too many are pending',
  remedy: `find out what keeps the workers (${queueStatus}), or raise [QUEUE] max_backlog and max_pending_bytes`,
};

/** Returns a refusal as one sentence. */
const sentence = ({ reason, remedy }: Refusal) => `${reason}; ${remedy}.`;

/** Share of a limit below which there is room again. */
const roomyShare = 0.9;
/** Number of probes in a row without a refusal, after which any room is enough. */
const quietProbes = 10;

const tryScript = loadScript('partitions/try-write');

type ProbeTimes = Pick<TimeBudget, 'lookMs'>;

export interface WriteRefusalsParts {
  readonly redis: PartitionedRedis;
  /** Limits of one partition. */
  readonly limits: Limits;
  readonly log: Log;
  readonly times: ProbeTimes;
}

/**
 * Refusals that the last writes met, by partition. The writes are those of clients, and a small one of our own once a
 * second, so that a refusal begins and ends without clients, too. Logs when one begins and ends.
 */
export class WriteRefusals {
  readonly #closing = new AbortController();
  readonly #last = new Map<number, Refusal>();
  /** Number of probes of each partition that Redis took since it last refused a write of a client. */
  readonly #probesSince = new Map<number, number>();
  #logged: string | undefined;

  constructor(private readonly parts: WriteRefusalsParts) {}

  /** Writes a probe once a second until it is closed. */
  async run(): Promise<void> {
    const { redis, times } = this.parts;
    await repeatUntilAborted(this.#closing.signal, times.lookMs, () =>
      Promise.all(Array.from({ length: redis.partitions }, (_, partition) => this.#probe(partition))),
    );
  }

  close(): void {
    this.#closing.abort();
  }

  /** Reason why writes are refused, with its remedy; `undefined` if they are not. */
  get problem(): string | undefined {
    const [first] = this.#last.values();
    return first && sentence(first);
  }

  /** Notes that a write was accepted. While there is little room, small ones are, and larger ones are not. */
  accepted(partition: number): void {
    if (this.#last.get(partition) !== full) this.#note(partition, undefined);
  }

  /** Notes that the limits left no room for a write. */
  full(partition: number): void {
    this.#refuse(partition, full);
  }

  /** Notes the error of a write. */
  failed(partition: number, error: unknown): void {
    const refusal = refusalIn(error);
    if (refusal) this.#refuse(partition, refusal);
  }

  #refuse(partition: number, refusal: Refusal): void {
    this.#probesSince.set(partition, 0);
    this.#note(partition, refusal);
  }

  /** Never throws: an outage is found elsewhere. */
  async #probe(partition: number): Promise<void> {
    try {
      const filled = await writeProbe(this.parts, partition);
      const probes = this.#probesSince.get(partition) ?? 1;
      this.#probesSince.set(partition, probes + 1);
      const hasRoom = filled < (probes < quietProbes ? roomyShare : 1);
      if (probes > 0 && (hasRoom || this.#last.get(partition) !== full)) this.#note(partition, undefined);
    } catch (error) {
      const refusal = refusalIn(error);
      if (refusal) this.#note(partition, refusal);
    }
  }

  #note(partition: number, refusal: Refusal | undefined): void {
    if (this.#last.get(partition) === refusal) return;
    if (refusal) this.#last.set(partition, refusal);
    else this.#last.delete(partition);
    const { problem } = this;
    if (problem === this.#logged) return;
    this.#logged = problem;
    if (problem === undefined) this.parts.log.info('Writes are accepted again');
    else this.parts.log.warn({ partition }, problem);
  }
}

type ProbeParts = Pick<WriteRefusalsParts, 'redis' | 'limits'>;

/** Writes a probe to a partition. Resolves with the share of the limits that pending entries take. */
async function writeProbe({ redis, limits }: ProbeParts, partition: number): Promise<number> {
  const prefix = redis.prefixOf(partition);
  const keys = [probeKey, waitingKey, bytesKey, epochKey, slotsKey].map((name) => name(prefix));
  const answer = await runScript(redis.connectionOf(partition).client, tryScript, keys, []);
  const [entries, bytes] = answer as [number, number]; // the answer of try-write.lua
  return Math.max(entries / limits.maxBacklog, bytes / limits.maxEntryBytes);
}

/**
 * Writes a probe to each partition, which expires at once. Resolves with the first reason why writes are refused, if
 * there is one. Throws `unavailable` and errors of Redis that are no refusal.
 */
export async function refusalOfWrites(parts: ProbeParts): Promise<Refusal | undefined> {
  for (let partition = 0; partition < parts.redis.partitions; partition++) {
    try {
      if ((await writeProbe(parts, partition)) >= 1) return full;
    } catch (error) {
      const refusal = refusalIn(error);
      if (!refusal) throw error;
      return refusal;
    }
  }
  return undefined;
}

/** Returns the refusal in an error of Redis, or in the errors that made a transaction fail. */
function refusalIn(error: unknown): Refusal | undefined {
  if (!(error instanceof Error)) return undefined;
  // ioredis's property of an EXECABORT. The error itself may be among them
  const { previousErrors = [] } = error as { readonly previousErrors?: readonly Error[] };
  const messages = [error, ...previousErrors].map(({ message }) => message);
  return refusals.find(([pattern]) => messages.some((message) => pattern.test(message)))?.[1];
}
