/** Process of a Procfile. */
export interface ProcessType {
  readonly name: string;
  readonly command: string;
}

/**
 * Reads `name: command` lines, with blank lines and `#` comments between them. Throws an `Error` that names a malformed
 * line.
 */
export function parseProcfile(text: string): ProcessType[] {
  const types: ProcessType[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const [, name, command] = /^([\w-]+):\s*(\S.*)$/.exec(line) ?? [];
    if (name === undefined || command === undefined)
      throw new Error(`Procfile, line ${index + 1}: expected "name: command"`);
    if (types.some((type) => type.name === name))
      throw new Error(`Procfile, line ${index + 1}: ${name} is defined twice`);
    types.push({ name, command });
  }
  if (types.length === 0) throw new Error('Procfile has no line "name: command"');
  return types;
}
