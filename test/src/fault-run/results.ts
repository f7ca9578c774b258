/**
 * Returns a document with the results of a run between the marks that name its engine. Throws if there are no such
 * marks.
 */
export function withResults(document: string, engine: string, table: string): string {
  const [begin, end] = [`<!-- results of ${engine} -->`, `<!-- end of ${engine} -->`];
  const [from, to] = [document.indexOf(begin), document.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`There is no place for the results: ${begin} and ${end}`);
  return `${document.slice(0, from + begin.length)}\n\n${table}\n\n${document.slice(to)}`;
}
