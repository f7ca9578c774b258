import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { KeybinClient } from '../../world/clients/keybin-client.js';
import { eventually } from '../../world/eventually.js';
import type { RunningApi } from '../../world/processes/running.js';
import type { Subject } from '../subjects/subject.js';
import { waysToLogIn, type Secret } from './ways-to-log-in.js';

const connections = 20;
const others = 12;

/** Hashes that take much longer than a request, and a line that twenty connections fill. */
const slowHashes = {
  KEYBIN_ACCOUNTS_BCRYPT_COST: '8',
  KEYBIN_ACCOUNTS_HASHES_AT_ONCE: '1',
  KEYBIN_ACCOUNTS_MAX_WAITING_HASHES: '4',
};

/** Most processes that share the address of a subject's API. Each has its own threads and its own memory. */
const mostProcesses = 2;

/** Defines tests that no client takes the logins of the others. */
export function loginsContract(subject: Subject): void {
  describe('logins without pause', () => {
    let api: RunningApi;
    before('an API with a short line', async () => {
      api = await subject.startAnother(slowHashes);
    });
    after(() => api.stop());

    /** Registers an account. Its password has not been right yet. */
    async function registered(): Promise<Secret> {
      const secret = { username: randomUUID(), password: 'right' };
      expect((await new KeybinClient(api.url).register(secret.username, secret.password)).status).to.equal(200);
      return secret;
    }

    for (const [what, given, status] of [
      ['its right password', 'right', 200],
      ['wrong passwords', 'wrong', 403],
    ] as const) {
      it(`of twenty connections to one account, with ${what}, leave all logins to others`, async () => {
        const client = new KeybinClient(api.url);
        const waiting: Secret[] = [];
        while (waiting.length < others) waiting.push(await registered());
        const { username } = await registered();
        const seen = new Set<number>();
        const over = new AbortController();
        const flood = Array.from({ length: connections }, async () => {
          while (!over.signal.aborted) seen.add((await client.token(username, given)).status);
        });
        try {
          await eventually(() => seen.has(status), 'a login of the flood');
          const statuses: number[] = [];
          for (const other of waiting) statuses.push((await client.token(other.username, other.password)).status);
          expect(statuses).to.deep.equal(Array(others).fill(200));
        } finally {
          over.abort();
          await Promise.all(flood);
        }
      });
    }

    it('are hashed once by each process while the password is right', async () => {
      const secret = await registered();
      const before = await hashes(api);
      for (let round = 0; round < 3; round++) {
        for (const way of waysToLogIn) expect((await way.try(api.url, secret)).status).to.equal(way.ok);
      }
      expect((await hashes(api)) - before).to.be.within(1, mostProcesses);
    });
  });
}

/**
 * Returns the number of passwords that the processes at this address have hashed. A process computes its metrics once a
 * second at most, and one that asks others adds what they have computed.
 */
async function hashes(api: RunningApi): Promise<number> {
  const client = new KeybinClient(api.url);
  const computed = new Set<string>(); // no two are equal: they have the CPU time of the process
  const text = await eventually(async () => {
    const answer = await client.send('GET', '/metrics');
    return computed.add(answer.text).size > 3 && answer.text;
  }, 'metrics that were computed since');
  const counts = [...text.matchAll(/^keybin_bcrypt_seconds_count(?:\{.*\})? (\d+)$/gm)];
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}
