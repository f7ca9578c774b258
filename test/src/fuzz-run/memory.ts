import type { Child } from '../world/processes/child.js';
import { eventually } from '../world/eventually.js';

/** Of a process that was started with `tell-memory.ts`, in bytes. */
export interface Memory {
  /** What its code still refers to. */
  readonly live: number;
  /** What it has of the machine's memory, as far as the system tells. */
  readonly own?: number;
}

export const tellMemory = import.meta.resolve('./tell-memory.js');

/** The memory of a process once it has collected its garbage. */
export async function memoryOf(child: Child): Promise<Memory> {
  const told = () => [...child.errors.matchAll(/^memory (\{.*\})$/gm)].map(([, json = '']) => json);
  const before = told().length;
  await child.kill('SIGUSR2');
  const json = await eventually(() => told()[before], `the memory of ${child.name}`);
  return JSON.parse(json) as Memory; // as tell-memory.ts writes it
}
