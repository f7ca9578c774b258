import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { KeybinClient, type Answer } from '../../world/clients/keybin-client.js';
import { postUser } from '../api/calls.js';
import { expectError } from '../subjects/answers.js';
import type { Subject } from '../subjects/subject.js';
import { askForCode } from '../v1/calls.js';

type Call = readonly [what: string, send: (client: KeybinClient) => Promise<Answer>];

const key = `/user/${randomUUID()}/store/a`;

/** Requests of each dialect that it answers with another status than 404. */
const calls: Readonly<Record<'keybin' | 'api' | 'v1', readonly Call[]>> = {
  keybin: [
    ['a registration', (client) => client.register(randomUUID(), 'p')],
    ['a plain read, which needs no Koa', (client) => client.send('GET', key)],
    ['a plain write, which needs no Koa', (client) => client.send('POST', key, { json: { value: 1 } })],
    ['a read with a query', (client) => client.send('GET', `${key}?a`)],
    ['another method', (client) => client.send('PUT', '/register')],
  ],
  api: [
    ['a registration', (client) => postUser(client, { username: randomUUID(), password: 'p' })],
    ['a login', (client) => client.send('GET', '/api/token')],
    ['another method', (client) => client.send('PUT', '/api/users')],
  ],
  v1: [
    ['a request for a code', (client) => askForCode(client, randomUUID())],
    ['a login', (client) => client.send('POST', '/v1/users/login', { json: {} })],
    ['another method', (client) => client.send('PUT', '/v1/users/register')],
  ],
};

const isDialect = (name: string): name is keyof typeof calls => name in calls;

export function dialectsContract(subject: Subject): void {
  describe('[APP] dialects', () => {
    for (const served of ['keybin', 'api', 'v1', 'keybin, v1'] as const) {
      it(`= ${served}: the routes of the others are unknown`, async () => {
        const api = await subject.startAnother({ KEYBIN_APP_DIALECTS: served });
        try {
          const client = new KeybinClient(api.url);
          for (const [dialect, requests] of Object.entries(calls)) {
            const isServed = isDialect(dialect) && served.split(', ').includes(dialect);
            for (const [what, request] of requests) {
              const answer = await request(client);
              if (isServed) expect(answer.status, `${dialect}: ${what}`).not.to.equal(404);
              else if (dialect === 'keybin') expectError(answer, 404, 'Not found');
              else expect(`${answer.status} ${answer.text}`).to.equal('404 {"error":"Not found"}');
            }
          }
          expect((await client.send('GET', '/livez')).status).to.equal(200);
        } finally {
          await api.stop();
        }
      });
    }
  });
}
