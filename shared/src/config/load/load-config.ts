import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { checkSettings } from '../check-settings.js';
import type { Config } from '../config.js';
import { ConfigError } from '../config-error.js';
import { readEnvironment } from './environment.js';
import { keybinVersion } from '../../process/version.js';
import { readIniFile } from './ini-file.js';
import { nameOf, type RawSetting, type RawSettings } from '../raw-settings.js';
import { settings } from '../settings.js';
import { messageOf } from '../../errors.js';

const defaultFile = 'store.cfg';
const wrongConfigurationExitCode = 2;

/**
 * Returns the configuration. The environment takes precedence over the file, and the file over the defaults. The file
 * is the one that `--config PATH` names, else `store.cfg` in the working directory if there is one. `args` are the
 * arguments after the script's name. Throws a `ConfigError` with every problem.
 */
export function loadConfig(args: readonly string[], environment: NodeJS.ProcessEnv): Config {
  const file = readFile(args);
  const variables = readEnvironment(environment);
  return checkSettings({
    given: new Map([...file.given, ...variables.given, ...hostFor(variables.given, file.given)]),
    problems: [...file.problems, ...variables.problems],
  });
}

/**
 * Returns the host for a platform that gives the port as `PORT`, such as Heroku: it reaches the process from outside,
 * so this is all addresses, unless a host is given. A file may have the default, as the shipped one does.
 */
function hostFor(variables: RawSettings['given'], file: RawSettings['given']): [string, RawSetting][] {
  const host = nameOf('APP', 'host');
  const isGiven =
    variables.has(host) || (file.get(host)?.text ?? settings.app.host.default) !== settings.app.host.default;
  if (variables.get(nameOf('APP', 'port'))?.origin !== 'PORT' || isGiven) return [];
  return [[host, { text: '0.0.0.0', origin: 'PORT without a host' }]];
}

/**
 * Loads the configuration for a `main.ts`. Prints problems to standard error and ends the process with exit code 2.
 * With `--version` it prints the version and ends the process with 0.
 */
export function loadConfigOrExit(args: readonly string[], environment: NodeJS.ProcessEnv): Config {
  if (args.includes('--version')) {
    process.stdout.write(`keybin ${keybinVersion()}\n`);
    process.exit(0);
  }
  try {
    return loadConfig(args, environment);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(error.report);
    return process.exit(wrongConfigurationExitCode);
  }
}

const none: RawSettings = { given: new Map(), problems: [] };

function readFile(args: readonly string[]): RawSettings {
  let named: string | undefined;
  try {
    named = parseArgs({ args: [...args], options: { config: { type: 'string' } } }).values.config;
  } catch (error) {
    const reason = messageOf(error);
    return { ...none, problems: [`${reason}; accepted: --config PATH`] };
  }
  const file = named ?? defaultFile;
  try {
    return readIniFile(readFileSync(file, 'utf8'), file);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    if (code === 'ENOENT' && named === undefined) return none;
    return { ...none, problems: [`--config: "${file}" cannot be read (${code}); accepted: the path of a file`] };
  }
}
