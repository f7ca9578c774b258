/** Run by `npm run settings` in the root: writes the commands into docs/cli.md. */
import { writeBetween } from '@keybin/shared/config/write-between.js';
import { commandSections, globalOptions } from './documents.js';
import { createProgram } from './program.js';

const program = createProgram({});
writeBetween('docs/cli.md', 'options', globalOptions(program));
writeBetween('docs/cli.md', 'commands', commandSections(program));
