/** Result of a command, as text for people and as data for `--json`. */
export interface Answer {
  readonly text: string;
  readonly json: unknown;
}

/** Thrown if a command cannot do its work. The message is one line. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}
