/** Returns the differences between the store's data of an account and the API's, one line per key. */
export function differ(
  username: string,
  stored: ReadonlyMap<string, unknown>,
  shown: ReadonlyMap<string, unknown>,
): string[] {
  return [...new Set([...stored.keys(), ...shown.keys()])]
    .filter((key) => stored.get(key) !== shown.get(key))
    .map(
      (key) =>
        `${key} of ${username}: the store has ${String(stored.get(key))}, the API says ${String(shown.get(key))}`,
    );
}
