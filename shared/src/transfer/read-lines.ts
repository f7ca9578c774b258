/** Longest line that is read. Lines of an export are shorter. */
const maxLineBytes = 256 * 1024 * 1024;

/**
 * Reads the lines of a stream, without their line feeds. Yields all lines of one piece of the stream together. `rest`
 * is the text after the last line feed.
 */
export async function* readLines(
  stream: AsyncIterable<Buffer>,
): AsyncGenerator<{ readonly lines: readonly Buffer[]; readonly rest: Buffer }, void, undefined> {
  let parts: Buffer[] = [];
  let bytes = 0;
  for await (const piece of stream) {
    const lines: Buffer[] = [];
    let from = 0;
    for (let to = piece.indexOf(lineFeed); to !== -1; to = piece.indexOf(lineFeed, from)) {
      const end = piece.subarray(from, to);
      lines.push(parts.length === 0 ? end : Buffer.concat([...parts, end]));
      parts = [];
      bytes = 0;
      from = to + 1;
    }
    if (from < piece.length) parts.push(piece.subarray(from));
    bytes += piece.length - from;
    if (bytes > maxLineBytes) throw new Error(`a line has more than ${maxLineBytes} bytes`);
    if (lines.length > 0) yield { lines, rest: empty };
  }
  if (bytes > 0) yield { lines: [], rest: Buffer.concat(parts) };
}

const lineFeed = 0x0a;
const empty = Buffer.alloc(0);
