import { readFileSync } from 'node:fs';
import { noSuchSettingProblem } from '../problems.js';
import { nameOf, type RawSetting, type RawSettings } from '../raw-settings.js';
import { sections, variableOf } from '../settings.js';

/**
 * Reads `KEYBIN_<SECTION>_<KEY>`, or the file that `KEYBIN_<SECTION>_<KEY>_FILE` names, and `PORT`. A newline at the
 * end of such a file is not part of the value. Variables of a known section without a setting are problems. All other
 * variables are not Keybin's.
 */
export function readEnvironment(environment: NodeJS.ProcessEnv): RawSettings {
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
  return { given, problems };
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
    const reason = error instanceof Error ? error.message : String(error);
    return `${variable}_FILE: "${file}" cannot be read (${reason}); accepted: a file with the value`;
  }
}
