import { readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';

/** Lua script and the SHA-1 by which Redis knows it. */
export interface Script {
  readonly lua: string;
  readonly sha: string;
}

export function script(lua: string): Script {
  return { lua, sha: createHash('sha1').update(lua).digest('hex') };
}

const readLua = (file: string) => readFileSync(new URL(`../../../../lua/${file}`, import.meta.url), 'utf8');

/**
 * Reads `shared/lua/<name>.lua`. Each file states its keys, arguments and answers on top. A line `-- include <file>` is
 * replaced by `shared/lua/<file>`, which may include others, because a Redis script cannot call another one.
 */
export function loadScript(name: string): Script {
  return script(withIncluded(`${name}.lua`));
}

function withIncluded(file: string): string {
  return readLua(file).replace(/^-- include (\S+)$/gm, (_line, included: string) => withIncluded(included));
}

interface ScriptClient {
  evalsha(sha: string, numberOfKeys: number, ...args: (string | number | Buffer)[]): Promise<unknown>;
  eval(lua: string, numberOfKeys: number, ...args: (string | number | Buffer)[]): Promise<unknown>;
}

/**
 * Runs a script by its SHA-1. If Redis does not know it (yet, or after `SCRIPT FLUSH`), nothing has run, and the script
 * is sent as text.
 */
export async function runScript(
  client: ScriptClient,
  { lua, sha }: Script,
  keys: readonly string[],
  args: readonly (string | number | Buffer)[],
): Promise<unknown> {
  try {
    return await client.evalsha(sha, keys.length, ...keys, ...args);
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
    return client.eval(lua, keys.length, ...keys, ...args);
  }
}
