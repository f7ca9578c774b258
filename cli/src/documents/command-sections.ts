import type { Command } from 'commander';

/** Returns all commands below `command` that do something. */
function leaves(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);
}

/** Returns a section for each command for docs/cli.md, from the same definitions as `--help`. */
export function commandSections(program: Command): string {
  return leaves(program).map(commandSection).join('\n\n');
}

/** Returns the options that every command has, as a list. */
export function globalOptions(program: Command): string {
  return optionsOf(program).join('\n');
}

function commandSection(command: Command): string {
  const help = command.createHelp();
  const usage = help.commandUsage(command);
  const name = usage.replace(/ \[options\].*| [<[].*/, '');
  const parts = [
    ...help.visibleArguments(command).map((each) => `- \`${each.name()}\`: ${help.argumentDescription(each)}`),
    ...optionsOf(command),
  ];
  return [`### \`${name}\``, `\`\`\`\n${usage}\n\`\`\``, sentence(command.description()), parts.join('\n')]
    .filter(Boolean)
    .join('\n\n');
}

function optionsOf(command: Command): string[] {
  const help = command.createHelp();
  return help
    .visibleOptions(command)
    .filter((option) => option.long !== '--help')
    .map((option) => `- \`${help.optionTerm(option)}\`: ${help.optionDescription(option)}`);
}

const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
