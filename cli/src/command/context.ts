import type { Readable, Writable } from 'node:stream';
import type { Config } from '@keybin/shared/config/config.js';
import type { Answer } from './answer.js';

/** Settings and streams of a command, and the ways to report its result. */
export interface Context {
  /** Reads the settings. Throws a `ConfigError` if they are wrong. */
  readonly config: () => Config;
  /** Path of the settings file, which may not exist. */
  readonly configFile: () => string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stdin: Readable;
  /** Standard output, for exported data. Results go to `answer`. */
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Calls `cleanUp` if a signal ends the process. Returns a function that takes it back. */
  readonly cleanUpAtSignal: (cleanUp: () => void) => () => void;
  /** Prints the result on standard output. A command that writes its data there passes standard error as `stream`. */
  readonly answer: (answer: Answer, stream?: { write(text: string): unknown }) => void;
  /** Makes the exit code 1, although the command has printed its result. */
  readonly fail: () => void;
}
