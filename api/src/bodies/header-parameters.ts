/**
 * A parameter: its name, then its value in quotes, or in quotes of which the last one follows a backslash of the value,
 * or without quotes.
 */
const parameter = /;\s*([^\s=;]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|"([^"]*)"|([^;]*))/gs;

/**
 * Returns the parameters of a header such as `form-data; name="a"`, by their names in lower case. Values have no quotes
 * around them, and are not decoded. Of a repeated parameter the last one counts.
 */
export function headerParameters(header: string): ReadonlyMap<string, string> {
  const found = Array.from(header.matchAll(parameter), ([, name = '', quoted, endingInBackslash, bare = '']) => {
    return [name.toLowerCase(), quoted ?? endingInBackslash ?? bare.trimEnd()] as const;
  });
  return new Map(found);
}

/** Returns the value of a parameter without its escapes: a backslash before a quote or a backslash. */
export const unescaped = (value: string): string => value.replace(/\\(["\\])/g, '$1');
