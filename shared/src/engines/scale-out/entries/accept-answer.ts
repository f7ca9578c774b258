/** Answer to a delete whose key has nothing pending: MongoDB knows whether there is something to delete. */
export interface Look {
  /** Epoch, and the version accepted last in the entry's slot: 24 digits. While it stands, so does MongoDB's answer. */
  readonly state: string;
}

/**
 * Answer to a write. `late`: its deadline was over when it reached Redis, and nothing happened. `accept.lua` explains
 * the others.
 */
export type WriteAnswer =
  | 'accepted'
  | 'refused'
  | 'expired'
  | 'unknown'
  | 'marked'
  | 'full'
  | 'absent'
  | 'taken'
  | 'late'
  | Look;

/** Answer to a group of writes. */
export interface AcceptAnswer {
  /** Redis's time in µs. */
  readonly timeUs: number;
  /** One for each write, in their order. Empty if the deadline of the group was over. */
  readonly answers: readonly WriteAnswer[];
  readonly accepted: number;
  /** Number of accepted writes that replaced a pending one. */
  readonly coalesced: number;
  /** True if the waiting jobs take up all their room. Then the next commit adds none. */
  readonly jobsAreFull: boolean;
  /** True if each accepted write has a larger version than the one before it. */
  readonly versionsRise: boolean;
}

/** Decodes the answer of `accept.lua`. */
export function parseAcceptAnswer(answer: unknown): AcceptAnswer {
  const [timeUs, coalesced = 0, jobsAreFull, ...texts] = answer as [string, number?, number?, ...string[]]; // as accept.lua says
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
  return { timeUs: Number(timeUs), answers, accepted, coalesced, jobsAreFull: jobsAreFull === 1, versionsRise };
}

const look = 'look';

function parseWriteAnswer(text: string): WriteAnswer {
  if (/^\d/.test(text)) return 'accepted'; // with this version
  if (text.startsWith(look)) return { state: text.slice(look.length) };
  return text as Exclude<WriteAnswer, 'accepted' | Look>; // as accept.lua says
}
