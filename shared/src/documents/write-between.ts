import { readFileSync, writeFileSync } from 'node:fs';

/**
 * Writes a table into a document, between `<!-- name -->` and `<!-- /name -->`. Throws if the document has no such
 * place.
 */
export function writeBetween(file: string, name: string, table: string): void {
  const text = readFileSync(file, 'utf8');
  const between = new RegExp(`(<!-- ${name} -->\\n)[^]*(<!-- /${name} -->)`);
  if (!between.test(text)) throw new Error(`${file} has no <!-- ${name} --> ... <!-- /${name} -->`);
  writeFileSync(
    file,
    text.replace(between, (_all, begin: string, end: string) => `${begin}\n${table}\n\n${end}`),
  );
}
