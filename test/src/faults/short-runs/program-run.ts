import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { Child } from '../../world/processes/child.js';

const root = new URL('../../../../', import.meta.url);

/**
 * Runs a program of this repository, such as `test/dist/fault-run/main.js`. Throws its output unless it exits with 0.
 */
export async function runProgram(path: string, args: readonly string[] = []): Promise<void> {
  const child = new Child(path, process.execPath, [fileURLToPath(new URL(path, root)), ...args]);
  const { code, signal } = await child.exited;
  expect(code ?? signal, child.output).to.equal(0);
}
