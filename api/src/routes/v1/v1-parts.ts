import type { AnswerMemory } from '../../answers/answer-memory.js';
import type { AuthorNames } from '../../accounts/author-names.js';
import type { ReadBody } from '../../bodies/body.js';
import type { Transfers } from '../../requests/transfers.js';
import type { Codes } from '../../use-cases/identify-codes.js';
import type { TokenParts } from '../../use-cases/issue-token.js';

/** Dependencies of the routes of `/v1`. */
export interface V1Parts extends TokenParts {
  readonly readBody: ReadBody;
  readonly answers: AnswerMemory;
  readonly transfers: Transfers;
  readonly codes: Codes;
  readonly names: AuthorNames;
  readonly fileLimitBytes: number;
}
