import { isUtf8 } from 'node:buffer';
import { fileNameNotUtf8, invalidFileName } from '@keybin/shared/errors.js';
import { unescaped } from './header-parameters.js';

const maxBytes = 255;
const control = /\p{Cc}/u;

/** Path of Windows: it has a drive or a server, or goes up. Other names may have backslashes. */
const windowsPath = /^[a-z]:\\|^\\\\[^\\]+\\[^\\]|(?:^|\\)\.\.\\/i;

/**
 * Returns the file name in the parameters of a part's `Content-Disposition`, or `undefined` if the part is no file. A
 * browser sends an empty one if no file was chosen. Of a path only the last part is kept.
 *
 * `filename*` (RFC 8187) wins over `filename`, as in RFC 6266. In `filename`, browsers write a quote as `%22` (WHATWG).
 * Other clients write it with a backslash.
 *
 * Parameters are binary strings. Throws `file_name_not_utf8`, `invalid_file_name`.
 */
export function fileNameIn(parameters: ReadonlyMap<string, string>): string | undefined {
  const [extended, plain] = [parameters.get('filename*'), parameters.get('filename')];
  if (extended !== undefined) return checkedName(lastPartOf(extendedValue(extended)));
  if (plain === undefined) return undefined;
  const name = utf8(unescaped(plain)).replaceAll('%22', '"');
  return checkedName(lastPartOf(name, windowsPath.test(plain)));
}

/** Decodes an extended value, `UTF-8'<language>'<percent-encoded>`. Throws `file_name_not_utf8`. */
function extendedValue(value: string): string {
  const [, encoded] = /^utf-?8'[^']*'(.*)$/is.exec(value) ?? [];
  if (encoded === undefined) throw fileNameNotUtf8();
  return utf8(encoded.replace(/%([\da-f]{2})/gi, (_escape, hex: string) => String.fromCharCode(Number(`0x${hex}`))));
}

function utf8(binary: string): string {
  const bytes = Buffer.from(binary, 'latin1');
  if (!isUtf8(bytes)) throw fileNameNotUtf8();
  return bytes.toString();
}

function lastPartOf(path: string, isOfWindows = windowsPath.test(path)): string {
  const from = Math.max(path.lastIndexOf('/'), isOfWindows ? path.lastIndexOf('\\') : -1) + 1;
  const name = path.slice(from);
  return name === '.' || name === '..' ? '' : name;
}

function checkedName(name: string): string {
  if (Buffer.byteLength(name) > maxBytes || control.test(name)) throw invalidFileName();
  return name;
}
