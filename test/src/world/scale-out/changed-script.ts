import { loadScript, script, type Script } from '@keybin/shared/engines/scale-out/redis/scripts.js';

/** The product's script with one passage replaced, such as one without a rule. Throws if it has not just one such passage. */
export function changedScript(name: string, passage: string, replacement = ''): Script {
  const { lua } = loadScript(name);
  if (lua.split(passage).length !== 2) throw new Error(`${name}.lua has not one passage ${passage}`);
  return script(lua.replace(passage, replacement));
}
