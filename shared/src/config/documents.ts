import { sections } from './settings.js';

/** The text of the shipped `store.cfg`: every setting with its default and what it is. */
export function settingsFile(): string {
  const head = [
    '# Settings of Keybin with their defaults. The environment goes first: KEYBIN_APP_PORT=8080, or KEYBIN_APP_PORT_FILE=PATH',
    '# for a value that stands in a file. A # begins a comment only at the start of a line; write %% for a %.',
  ];
  const blocks = sections.map(({ name, settings }) => [
    `[${name}]`,
    ...settings.flatMap(([, setting]) => [`# ${setting.comment}`, `${setting.key} = ${setting.default}`.trimEnd()]),
  ]);
  return [head, ...blocks].map((lines) => `${lines.join('\n')}\n`).join('\n');
}

/** The same for the README, as a table in Markdown. */
export function settingsTable(): string {
  const rows = sections.flatMap(({ name, settings }) =>
    settings.map(([, { key, default: defaultText, comment, kind }]) => [
      `\`[${name}] ${key}\``,
      defaultText === '' ? '' : `\`${defaultText}\``,
      comment,
      kind.accepted,
    ]),
  );
  const head = ['Setting', 'Default', 'Meaning', 'Accepted'];
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
