import type { Child } from '../world/processes/child.js';
import { eventually } from '../world/eventually.js';

/** Memory, in bytes, of a process that was started with `tell-memory.ts`. */
export interface Memory {
  /** Memory that its code still refers to. */
  readonly live: number;
  /** Memory that it takes of the machine, if the system tells. */
  readonly own?: number;
}

export const tellMemory = import.meta.resolve('./tell-memory.js');

/** Returns the memory of a process after a garbage collection. */
export async function memoryOf(child: Child): Promise<Memory> {
  const told = () => [...child.errors.matchAll(/^memory (\{.*\})$/gm)].map(([, json = '']) => json);
  const before = told().length;
  await child.kill('SIGUSR2');
  const json = await eventually(() => told()[before], `the memory of ${child.name}`);
  return JSON.parse(json) as Memory; // as tell-memory.ts writes it
}
