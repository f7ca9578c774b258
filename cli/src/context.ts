import type { Config } from '@keybin/shared/config/config.js';
import type { Answer } from './answer.js';

/** What commands are given, and how they answer. */
export interface Context {
  /** Ends the process with 2 if the settings are wrong. */
  readonly config: () => Config;
  readonly answer: (answer: Answer) => void;
  /** The command has answered, and ends with 1 nevertheless. */
  readonly fail: () => void;
}
