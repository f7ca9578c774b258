import type { Readable, Writable } from 'node:stream';
import type { Config } from '@keybin/shared/config/config.js';
import type { Answer } from './answer.js';

/** What commands are given, and how they answer. */
export interface Context {
  /** Throws a `ConfigError` if the settings are wrong. */
  readonly config: () => Config;
  /** Where the settings are, if there is such a file. */
  readonly configFile: () => string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stdin: Readable;
  /** For what is no answer. */
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Aborted just before the process ends. */
  readonly signal: AbortSignal;
  /** On standard output, or on standard error if what the command makes goes there. */
  readonly answer: (answer: Answer, stream?: { write(text: string): unknown }) => void;
  /** The command has answered, and ends with 1 nevertheless. */
  readonly fail: () => void;
}
