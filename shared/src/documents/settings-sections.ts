import type { Config } from '../config/config.js';
import { sections, variableOf, type Setting } from '../config/settings.js';

/** Returns the text of the shipped `store.cfg`: every setting with its default and its description. */
export function settingsFile(): string {
  const head = [
    '# Settings of Keybin with their defaults. The environment takes precedence: KEYBIN_APP_PORT=8080, or',
    '# KEYBIN_APP_PORT_FILE=PATH for a value in a file. A # begins a comment only at the start of a line; write %% for a %.',
  ];
  const blocks = sections.map(({ name, settings }) => [
    `[${name}]`,
    ...settings.flatMap(([, setting]) => [`# ${setting.comment}`, `${setting.key} = ${setting.default}`.trimEnd()]),
  ]);
  return [head, ...blocks].map((lines) => `${lines.join('\n')}\n`).join('\n');
}

/** Descriptions of the sections, for the documents. */
const about: Readonly<Record<Uppercase<Exclude<keyof Config, 'times'>>, string>> = {
  APP: 'How the API listens, and which browsers and proxies it trusts.',
  STORE: 'Where the data is. The scheme of `host` selects the engine.',
  QUEUE:
    'The queue in Redis. The scale-out engine needs it. The embedded engine starts only without `redis`, and ignores the rest.',
  WORKER: 'The worker of the scale-out engine.',
  ACCOUNTS: 'Password hashes, tokens and quotas of accounts.',
  V1: 'The `/v1` interface.',
  ADMIN: 'The queue dashboard.',
  METRICS: 'The metrics for Prometheus.',
  LIMITS: 'Bounds on requests and rates. See [rate limits](rate-limits.md) for how rates are counted.',
};

const isPart = (name: string): name is keyof typeof about => name in about;

/** Returns all settings for docs/configuration.md, with a heading for each section and each setting. */
export function settingsSections(): string {
  return sections
    .flatMap(({ name, settings }) => [
      `## [${name}]`,
      isPart(name) ? about[name] : '',
      ...settings.map(([, setting]) => settingSection(name, setting)),
    ])
    .join('\n\n');
}

function settingSection(section: string, { key, default: defaultText, comment, kind }: Setting): string {
  return [
    `### \`[${section}] ${key}\`\n`,
    `${comment}.\n`,
    `- Default: ${defaultText === '' ? 'empty' : `\`${defaultText}\``}`,
    `- Accepts: ${kind.accepted.replace(/\*/g, '`*`')}`,
    `- Environment: \`${variableOf(section, key)}\``,
  ].join('\n');
}
