import { expect } from 'chai';
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

export async function expectReady(client: KeybinClient): Promise<void> {
  const { status, json } = await client.send('GET', '/readyz');
  expect(json).to.have.property('status', 'ready');
  expect(status).to.equal(200);
}
