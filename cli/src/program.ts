import { Command, type Argument } from 'commander';
import { loadConfig } from '@keybin/shared/config/load/load-config.js';
import { keybinVersion } from '@keybin/shared/process/version.js';
import { checkCommand } from './check/command.js';
import type { Context } from './command/context.js';
import { oneLine } from './command/one-line.js';
import type { Output } from './command/output.js';
import { doctorCommand } from './doctor/command.js';
import { verifyErasureCommand } from './erasure/commands.js';
import { prepareCommand } from './prepare/command.js';
import { queueCommand } from './queue/commands.js';
import { exportCommand, importCommand, migrateCommand } from './transfer/commands.js';
import { userCommand } from './user/commands.js';

interface GlobalOptions {
  readonly config?: string;
  readonly json?: true;
}

export interface ProgramOptions extends Pick<Context, 'environment' | 'stdin' | 'stderr' | 'cleanUpAtSignal' | 'fail'> {
  readonly stdout: Output;
}

/** Creates the `keybin` command with all its subcommands. Help and docs/cli.md are generated from it. */
export function createProgram({ stdout, ...given }: ProgramOptions): Command {
  const { environment, stderr } = given;
  const program = new Command('keybin');
  const options = () => program.opts<GlobalOptions>();
  const context: Context = {
    ...given,
    stdout: stdout.stream,
    config() {
      const { config } = options();
      return loadConfig(config === undefined ? [] : ['--config', config], environment);
    },
    configFile: () => options().config ?? 'store.cfg',
    answer({ text, json }, stream = stdout) {
      stream.write(`${options().json ? JSON.stringify(json) : text}\n`);
    },
  };
  program
    .description(
      'Inspects and repairs a Keybin. It reads the same settings as the services, from the same file and environment.',
    )
    .option('--config <path>', 'file with the settings (default: store.cfg, if it exists)')
    .option('--json', 'print one line of JSON')
    .version(`keybin ${keybinVersion()}`, '--version', 'print the version')
    .addCommand(prepareCommand(context))
    .addCommand(doctorCommand(context))
    .addCommand(checkCommand(context))
    .addCommand(queueCommand(context))
    .addCommand(userCommand(context))
    .addCommand(verifyErasureCommand(context))
    .addCommand(exportCommand(context))
    .addCommand(importCommand(context))
    .addCommand(migrateCommand(context));
  for (const command of allOf(program)) {
    command
      .exitOverride()
      .configureHelp({ showGlobalOptions: true })
      .configureOutput({
        writeOut: (text) => stdout.write(text),
        writeErr: (text) => stderr.write(text),
        outputError: (text, write) => write(`keybin: ${oneLine(text.replace(/^error: /, ''))}\n`),
        getOutHelpWidth: () => stdout.columns ?? helpColumns,
      })
      .showSuggestionAfterError();
  }
  return program;
}

/** Width of help that is not printed on a terminal. */
const helpColumns = 80;

/** Returns the command and all its subcommands. */
function allOf(command: Command): Command[] {
  return [command, ...command.commands.flatMap(allOf)];
}

/** Returns each command line that can be run, with its arguments and its description. */
export function commandLines(command: Command, before = ''): { line: string; summary: string }[] {
  const line = [before, command.name(), ...command.registeredArguments.map(argumentText)];
  const words = line.filter(Boolean).join(' ');
  if (command.commands.length === 0) return [{ line: words, summary: command.description() }];
  return command.commands.flatMap((each) => commandLines(each, words));
}

function argumentText(argument: Argument): string {
  const name = argument.name() + (argument.variadic ? '...' : '');
  return argument.required ? `<${name}>` : `[${name}]`;
}
