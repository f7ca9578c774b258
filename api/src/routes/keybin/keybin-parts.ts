import type { AnswerMemory } from '../../answers/answer-memory.js';
import type { ReadBody, ReadText } from '../../bodies/body.js';
import type { Transfers } from '../../requests/transfers.js';
import type { TokenParts } from '../../use-cases/issue-token.js';

/** Dependencies of the routes of the key/value dialect. */
export interface KeybinParts extends TokenParts {
  readonly readBody: ReadBody;
  readonly readText: ReadText;
  readonly answers: AnswerMemory;
  readonly transfers: Transfers;
  /** Largest value as JSON text, in bytes. */
  readonly valueLimitBytes: number;
}
