/** Where what the store has of an account is not what the API shows, a line for each key. */
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
