import type { ReadBody } from '../../bodies/body.js';
import type { TokenParts } from '../../use-cases/issue-token.js';

/** What the routes of the Keybin dialect are made of. */
export interface KeybinParts extends TokenParts {
  readonly readBody: ReadBody;
  /** For a value as JSON text. */
  readonly valueLimitBytes: number;
}
