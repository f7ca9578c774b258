import { expect } from 'chai';
import { expectDone } from '../../contract/subjects/answers.js';
import type { KeybinClient } from '../../world/clients/keybin-client.js';
import { keybin } from '../../world/processes/keybin-command.js';

interface ErasureReport {
  readonly total: number;
  readonly registered: boolean;
  readonly erased: number;
  readonly left: Readonly<Record<string, number>>;
}

export const queuedWrites = 1_000;

/** Returns the report of `keybin verify-erasure`, after checking the exit code. */
export async function verify(name: string, env: Readonly<Record<string, string>>): Promise<ErasureReport> {
  const { code, stdout, stderr } = await keybin(['verify-erasure', name, '--json'], env);
  const report = JSON.parse(stdout || stderr) as ErasureReport; // shape asserted below
  expect(code).to.equal(report.total === 0 ? 0 : 1);
  return report;
}

/** Puts `count` values, 50 at a time. */
export async function putMany(client: KeybinClient, token: string, count: number): Promise<void> {
  for (let at = 0; at < count; at += 50) {
    const puts = Array.from({ length: 50 }, (_, index) => client.put(token, `key_${at + index}`, `value ${index}`));
    for (const answer of await Promise.all(puts)) expectDone(answer);
  }
}
