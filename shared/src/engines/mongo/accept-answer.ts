/** A delete of which nothing is pending: MongoDB knows whether there is something to delete. */
export interface Look {
  /** The last version given out, 16 digits. */
  readonly version: string;
}

/** What became of a write. `late`: its deadline was over when it reached Redis, nothing happened. For the others see `accept.lua`. */
export type WriteAnswer = 'accepted' | 'refused' | 'unknown' | 'marked' | 'full' | 'absent' | 'taken' | 'late' | Look;

/** What became of a group of writes. */
export interface AcceptAnswer {
  /** Redis's time in µs. */
  readonly timeUs: number;
  /** In the order of the writes; empty if the deadline of all was over. */
  readonly answers: readonly WriteAnswer[];
  readonly accepted: number;
  /** Accepted writes that took the place of a pending one. */
  readonly coalesced: number;
}

/** Decodes the answer of `accept.lua`. */
export function parseAcceptAnswer(answer: unknown): AcceptAnswer {
  const [timeUs, coalesced = 0, ...texts] = answer as [string, number?, ...string[]]; // as accept.lua says
  const answers = texts.map(parseWriteAnswer);
  let accepted = 0;
  for (const each of answers) if (each === 'accepted') accepted += 1;
  return { timeUs: Number(timeUs), answers, accepted, coalesced };
}

const look = 'look';

function parseWriteAnswer(text: string): WriteAnswer {
  if (/^\d/.test(text)) return 'accepted'; // with this version
  if (text.startsWith(look)) return { version: text.slice(look.length) };
  return text as Exclude<WriteAnswer, 'accepted' | Look>; // as accept.lua says
}
