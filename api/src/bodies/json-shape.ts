/** Properties of the text of a JSON object or array that show without parsing it. */
export interface JsonShape {
  /** Most arrays and objects within each other. */
  readonly levels: number;
  /** Number of values below the outermost one. */
  readonly nodes: number;
  /** True if a number is beyond the range of a double. */
  readonly hasInfinity: boolean;
}

/** Codes of characters. */
const [space, lineFeed, carriageReturn, tab] = [32, 10, 13, 9] as const;
const [quote, backslash, comma, colon] = [34, 92, 44, 58] as const;
const [openBracket, closeBracket, openBrace, closeBrace] = [91, 93, 123, 125] as const;
const [nine, lowerE, toLower] = [57, 101, 32] as const;

/** Digits of the largest double. More of them are beyond it even without an exponent. */
const mostDigits = 309;

/**
 * Returns the shape of a JSON text in one pass over its characters. Stops after `mostNodes`. It does not check the
 * text: in other text it counts what looks like JSON.
 */
export function jsonShape(text: string, mostNodes = Infinity): JsonShape {
  let level = 0;
  let levels = 0;
  let nodes = 0;
  let isFirst = false; // of an array or object
  let afterMark = 0; // position after the latest character that is in no number, `true`, `false` or `null`
  let hasExponent = false;
  let hasInfinity = false;
  for (let at = 0; at < text.length && nodes <= mostNodes; at += 1) {
    const code = text.charCodeAt(at);
    switch (code) {
      case space:
      case lineFeed:
      case carriageReturn:
      case tab:
      case colon:
        break;
      case closeBracket:
      case closeBrace:
        level -= 1;
        isFirst = false;
        break;
      case comma:
        nodes += 1;
        break;
      default:
        if (isFirst) nodes += 1;
        isFirst = code === openBracket || code === openBrace;
        if (isFirst) {
          level += 1;
          if (level > levels) levels = level;
        } else if (code === quote) at = endOfString(text, at);
        else {
          hasExponent ||= (code | toLower) === lowerE && text.charCodeAt(at - 1) <= nine;
          continue;
        }
    }
    if (hasExponent || at - afterMark >= mostDigits) {
      hasInfinity ||= Math.abs(Number(text.slice(afterMark, at))) === Infinity;
      hasExponent = false;
    }
    afterMark = at + 1;
  }
  return { levels, nodes, hasInfinity };
}

/** Returns the position of the quote that ends a string. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  for (; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quote) break;
    if (code === backslash) at += 1;
  }
  return at;
}
