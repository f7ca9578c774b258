/** Error for a configuration that is not accepted. Its message has one line for each problem. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
  }

  /** Text for standard error. */
  get report(): string {
    const lines = this.problems.map((problem) => `- ${problem}\n`);
    return `Keybin cannot start: its configuration has ${this.problems.length} problem(s).\n${lines.join('')}`;
  }
}
