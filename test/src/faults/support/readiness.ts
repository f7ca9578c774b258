import { expect } from 'chai';
import { eventually } from '../../world/eventually.js';
import type { Answer, KeybinClient } from '../../world/clients/keybin-client.js';

/** Asserts that an embedded API can serve but reports this `problem` with its directory. */
export function expectDegraded({ status, json }: Answer, lmdbStatus: 'up' | 'down', problem: string): void {
  expect(json).to.nested.include({
    status: 'degraded',
    'dependencies.lmdb.status': lmdbStatus,
    'dependencies.lmdb.problem': problem,
  });
  expect(status).to.equal(200);
}

/** Waits until a service is ready: for a while its answer may be that of an earlier request. */
export async function expectReady(client: KeybinClient): Promise<void> {
  const { status } = await eventually(async () => {
    const answer = await client.send('GET', '/readyz');
    return (answer.json as { status: string }).status === 'ready' && answer;
  }, 'readiness'); // docs/interfaces/service.md has its form
  expect(status).to.equal(200);
}
