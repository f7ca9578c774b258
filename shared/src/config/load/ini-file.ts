import { parse } from 'ini';
import { iniLines, type IniLine } from './ini-lines.js';
import { isNearly, noSuchSettingProblem, shown } from '../problems.js';
import { nameOf, type RawSetting, type RawSettings } from '../raw-settings.js';
import { sections } from '../settings.js';

/**
 * Reads an ini file like Python's ConfigParser, which read the original's; see `iniLines`. `%%` is `%`. `file` is the
 * name for messages.
 *
 * These are problems, each with its line: `%(name)s`, `[DEFAULT]`, sections and options given twice, lines that are
 * neither, misspelt sections, and unknown options of a known section. Other sections are ignored.
 *
 * The `ini` library alone cuts values at `#` and `;` and knows no `:`. So it gets every part quoted.
 */
export function readIniFile(text: string, file: string): RawSettings {
  const problems: string[] = [];
  const quoted: string[] = [];
  const lineOf = new Map<string, number>();
  let section: string | undefined;
  for (const found of iniLines(text)) {
    const refused = refusal(found, section, lineOf);
    if (refused !== undefined) problems.push(`${file}, line ${found.line}: ${refused}`);
    if (found.kind === 'section') {
      section = found.section;
      lineOf.set(header(section), lineOf.get(header(section)) ?? found.line);
      quoted.push(`[${JSON.stringify(section.replaceAll('.', '\\.'))}]`); // a bare dot would nest
    } else if (found.kind === 'option' && section !== undefined && refused === undefined) {
      lineOf.set(nameOf(section, found.key), found.line);
      quoted.push(`${JSON.stringify(found.key)}=${JSON.stringify(found.value.replaceAll('%%', '%'))}`);
    }
  }
  const given = new Map<string, RawSetting>();
  const read: Record<string, Readonly<Record<string, unknown>> | undefined> = parse(quoted.join('\n'));
  for (const { name, settings } of sections) {
    const keys = settings.map(([, { key }]) => key);
    for (const [key, value] of Object.entries(read[name] ?? {})) {
      const line = lineOf.get(nameOf(name, key));
      const raw = { text: String(value), origin: `[${name}] ${key} (${file}, line ${line})` };
      if (keys.includes(key)) given.set(nameOf(name, key), raw);
      else problems.push(noSuchSettingProblem(raw, key, keys));
    }
  }
  return { given, problems };
}

const header = (section: string) => `[${section}]`;

/** Returns why a line is not accepted, or `undefined` if it is. */
function refusal(found: IniLine, section: string | undefined, lineOf: ReadonlyMap<string, number>): string | undefined {
  if (found.kind === 'neither')
    return `${shown(found.text)} is neither a section nor a setting; accepted: name = value`;
  if (found.kind === 'section') return refusedSection(found.section, lineOf.get(header(found.section)));
  const { key, value } = found;
  if (section === undefined) return `${key} is outside all sections; accepted: below its [SECTION]`;
  const first = lineOf.get(nameOf(section, key));
  if (first !== undefined) return `[${section}] ${key} is already set on line ${first}; accepted: once`;
  if (/%\(/.test(value.replaceAll('%%', ''))) {
    return `[${section}] ${key} refers to another setting with %(...); accepted: the value itself (%% for a %)`;
  }
  // the library gives these names a meaning of its own
  if (key.endsWith('[]') || key === '__proto__') return `[${section}] ${key}: there is no such setting`;
  return undefined;
}

function refusedSection(section: string, firstLine: number | undefined): string | undefined {
  const names = new Set(sections.map(({ name }) => name));
  const upper = section.toUpperCase();
  if (upper === 'DEFAULT') return '[DEFAULT] is not read; accepted: each setting in its own section';
  if (firstLine !== undefined) return `[${section}] already begins on line ${firstLine}; accepted: once`;
  if (names.has(section)) return undefined;
  const meant = [...names].find((name) => isNearly(upper.trim(), name));
  return meant === undefined ? undefined : `[${section}] is not read; accepted: [${meant}]`;
}
