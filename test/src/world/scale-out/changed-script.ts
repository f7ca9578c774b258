import { loadScript, script, type Script } from '@keybin/shared/engines/scale-out/redis/scripts.js';

/**
 * Returns the product's script with one passage replaced, for example to remove a rule. Throws unless the passage
 * occurs exactly once.
 */
export function changedScript(name: string, passage: string, replacement = ''): Script {
  const { lua } = loadScript(name);
  if (lua.split(passage).length !== 2) throw new Error(`${name}.lua has not one passage ${passage}`);
  return script(lua.replace(passage, replacement));
}
