import { readFileSync } from 'node:fs';
import type { Log } from '../../process/log.js';
import { isNearly, noSuchSettingProblem } from '../problems.js';
import { nameOf, type RawSetting, type RawSettings } from '../raw-settings.js';
import { sections, variableOf } from '../settings.js';
import { messageOf } from '../../errors.js';

/**
 * Reads `KEYBIN_<SECTION>_<KEY>`, or the file that `KEYBIN_<SECTION>_<KEY>_FILE` names, and `PORT`. A newline at the
 * end of such a file is not part of the value. Variables of a known section without a setting are problems, and so are
 * settings of a misspelt section. All other variables are not Keybin's.
 */
export function readEnvironment(all: NodeJS.ProcessEnv): RawSettings {
  const ignored = new Set(kubernetesVariables(all));
  const environment = Object.fromEntries(Object.entries(all).filter(([variable]) => !ignored.has(variable)));
  const given = new Map<string, RawSetting>();
  const problems: string[] = [];
  if (environment['PORT'] !== undefined) given.set('APP.port', { text: environment['PORT'], origin: 'PORT' });
  for (const section of sections) {
    const variables = section.settings.map(([, { key }]) => variableOf(section.name, key));
    for (const [, { key }] of section.settings) {
      const found = readVariable(environment, variableOf(section.name, key));
      if (typeof found === 'string') problems.push(found);
      else if (found) given.set(nameOf(section.name, key), found);
    }
    const known = new Set(variables.flatMap((variable) => [variable, `${variable}_FILE`]));
    for (const [variable, text = ''] of Object.entries(environment)) {
      if (variable.startsWith(variableOf(section.name, '')) && !known.has(variable)) {
        problems.push(noSuchSettingProblem({ text, origin: variable }, variable, variables));
      }
    }
  }
  problems.push(...misspeltSections(environment));
  return { given, problems };
}

/** Logs one line at debug if there are such variables. */
export function logIgnoredVariables(log: Log, environment: NodeJS.ProcessEnv): void {
  const variables = kubernetesVariables(environment);
  if (variables.length > 0) log.debug({ variables }, 'Variables that Kubernetes makes of service names are ignored');
}

/** A variable that Kubernetes makes of a service whose name begins with `keybin`, and its value. */
const ofKubernetes =
  /^KEYBIN_(\w+_)?(SERVICE_HOST=|SERVICE_PORT(_\w+)?=|PORT=(tcp|udp|sctp):\/\/|PORT_\d+_(TCP|UDP|SCTP)(_PROTO|_PORT|_ADDR)?=)/;

/** Returns variables such as `KEYBIN_WORKER_PORT=tcp://10.0.0.1:5001`. They are not settings. */
const kubernetesVariables = (environment: NodeJS.ProcessEnv): string[] =>
  Object.entries(environment)
    .filter(([variable, text]) => ofKubernetes.test(`${variable}=${text}`))
    .map(([variable]) => variable);

/** Returns a problem for each variable with the name of a setting behind a section that is nearly one of Keybin's. */
function misspeltSections(environment: NodeJS.ProcessEnv): string[] {
  return sections.flatMap(({ name, settings }) => {
    const kinds = new Map(settings.map(([, { key, kind }]) => [key.toUpperCase(), kind]));
    const pattern = new RegExp(`^KEYBIN_([A-Z0-9]+)_(${[...kinds.keys()].join('|')})(_FILE)?$`);
    return Object.entries(environment).flatMap(([variable, text = '']) => {
      const [, section = '', key = '', ofFile = ''] = pattern.exec(variable) ?? [];
      const isOther = sections.some((other) => other.name === section);
      if (section === '' || isOther || !isNearly(section, name)) return [];
      const secret = kinds.get(key)?.secret === true;
      return [noSuchSettingProblem({ text, origin: variable, secret }, variable, [`KEYBIN_${name}_${key}${ofFile}`])];
    });
  });
}

/** Returns the setting, a problem in words, or `undefined` if the environment has neither variable. */
function readVariable(environment: NodeJS.ProcessEnv, variable: string): RawSetting | string | undefined {
  const given = environment[variable];
  const file = environment[`${variable}_FILE`];
  if (file === undefined) return given === undefined ? undefined : { text: given, origin: variable };
  if (given !== undefined) return `${variable} and ${variable}_FILE are both set; accepted: one of them`;
  try {
    const text = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
    return { text, origin: `${variable}_FILE (${file})`, secret: true };
  } catch (error) {
    const reason = messageOf(error);
    return `${variable}_FILE: "${file}" cannot be read (${reason}); accepted: a file with the value`;
  }
}
