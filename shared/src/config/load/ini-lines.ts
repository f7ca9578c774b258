/** Content of one line of an ini file, including the indented lines that continue it. `line` counts from 1. */
export type IniLine =
  | { readonly kind: 'section'; readonly line: number; readonly section: string }
  | { readonly kind: 'option'; readonly line: number; readonly key: string; readonly value: string }
  | { readonly kind: 'neither'; readonly line: number; readonly text: string };

/**
 * Divides a text like Python's ConfigParser:
 *
 * - `#` and `;` begin a comment only at the start of a line.
 * - The first `=` or `:` ends the name of an option. The case of a name does not count.
 * - A line that is indented more than the option above continues its value.
 * - A byte order mark and CRLF do not count.
 */
export function iniLines(text: string): IniLine[] {
  const found: IniLine[] = [];
  let option: { line: number; key: string; values: string[] } | undefined;
  let optionIndent = 0;
  const endOption = () => {
    if (option)
      found.push({ kind: 'option', line: option.line, key: option.key, value: option.values.join('\n').trimEnd() });
    option = undefined;
  };
  for (const [index, whole] of text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\r|\n/)
    .entries()) {
    const line = index + 1;
    const content = whole.trim();
    const indent = whole.search(/\S/);
    if (/^[#;]/.test(content)) continue;
    if (content === '' || (option && indent > optionIndent)) {
      option?.values.push(content);
      continue;
    }
    endOption();
    const section = /^\[(.+)\]/.exec(content)?.[1];
    const [, key, value = ''] = /^([^=:]+?)\s*[=:]\s*(.*)$/.exec(content) ?? [];
    if (section !== undefined) found.push({ kind: 'section', line, section });
    else if (key === undefined) found.push({ kind: 'neither', line, text: content });
    else {
      option = { line, key: key.toLowerCase(), values: [value] };
      optionIndent = indent;
    }
  }
  endOption();
  return found;
}
