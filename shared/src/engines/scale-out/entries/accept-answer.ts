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
  /** True if each accepted write has a larger version than the one before it. */
  readonly versionsRise: boolean;
}

/** Decodes the answer of `accept.lua`. */
export function parseAcceptAnswer(answer: unknown): AcceptAnswer {
  const [timeUs, coalesced = 0, ...texts] = answer as [string, number?, ...string[]]; // as accept.lua says
  const answers: WriteAnswer[] = [];
  let accepted = 0;
  let last = '';
  let versionsRise = true;
  for (const text of texts) {
    const each = parseWriteAnswer(text);
    answers.push(each);
    if (each !== 'accepted') continue;
    accepted += 1;
    versionsRise &&= text > last; // all have 16 digits
    last = text;
  }
  return { timeUs: Number(timeUs), answers, accepted, coalesced, versionsRise };
}

const look = 'look';

function parseWriteAnswer(text: string): WriteAnswer {
  if (/^\d/.test(text)) return 'accepted'; // with this version
  if (text.startsWith(look)) return { version: text.slice(look.length) };
  return text as Exclude<WriteAnswer, 'accepted' | Look>; // as accept.lua says
}
