/** What a command has to say: as text for people, and as data for `--json`. */
export interface Answer {
  readonly text: string;
  readonly json: unknown;
}

/** A command could not do what it was asked to; the message has one line. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}
