import type { Config } from '@keybin/shared/config/config.js';
import type { Answer } from './answer.js';

/** What commands are given, and how they answer. */
export interface Context {
  /** Ends the process with 2 if the settings are wrong. */
  readonly config: () => Config;
  /** Where the settings are, if there is such a file. */
  readonly configFile: () => string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Standard output unless that is taken by what the command makes. */
  readonly answer: (answer: Answer, stream?: NodeJS.WritableStream) => void;
  /** The command has answered, and ends with 1 nevertheless. */
  readonly fail: () => void;
}
