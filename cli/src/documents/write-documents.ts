/** Writes the commands into docs/cli.md. `npm run settings` in the root runs it. */
import { PassThrough, Readable } from 'node:stream';
import { writeBetween } from '@keybin/shared/documents/write-between.js';
import { commandSections, globalOptions } from './command-sections.js';
import { Output } from '../command/output.js';
import { createProgram } from '../program.js';

const program = createProgram({
  environment: {},
  stdin: Readable.from([]),
  stdout: new Output(new PassThrough()),
  stderr: new PassThrough(),
  cleanUpAtSignal: () => () => {},
  fail: () => {},
});
writeBetween('docs/cli.md', 'options', globalOptions(program));
writeBetween('docs/cli.md', 'commands', commandSections(program));
