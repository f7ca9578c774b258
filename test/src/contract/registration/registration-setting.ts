import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { eventually } from '../../world/eventually.js';
import { KeybinClient } from '../../world/clients/keybin-client.js';
import type { RunningApi } from '../../world/processes/running.js';
import { expectApiError, postUser } from '../api/calls.js';
import { expectError } from '../subjects/answers.js';
import type { Subject } from '../subjects/subject.js';
import { askForCode, codeIn, expectV1Error, register } from '../v1/calls.js';

const closed = 'Registration is closed';
const newName = () => `name-${randomUUID()}`;

/** Asserts that the ways without an identify code create no account. */
async function expectClosed(client: KeybinClient): Promise<void> {
  const name = newName();
  expectError(await client.register(name, 'p'), 403, closed);
  expectApiError(await postUser(client, { username: name, password: 'p' }), 403, closed);
  expect((await client.token(name, 'p')).status).to.equal(403);
  const problem = await client.send('POST', '/register', {
    json: { username: name, password: 'p' },
    headers: { accept: 'application/problem+json' },
  });
  expect(problem.json).to.include({ status: 403, code: 'registration_closed' });
  // The body and its parameters are checked first, as everywhere
  expectError(await client.register('', 'p'), 400, "Required parameter 'username' is missing");
}

/** Returns the lines that warn of a way round identify codes. */
const warningsOf = ({ logs }: RunningApi) =>
  logs.filter(({ level, msg }) => level === 40 && String(msg).includes('without an identify code'));

export function registrationSettingContract(subject: Subject): void {
  async function withApi(
    settings: Readonly<Record<string, string>>,
    use: (client: KeybinClient, api: RunningApi) => Promise<void>,
  ): Promise<void> {
    const api = await subject.startAnother(settings);
    try {
      await use(new KeybinClient(api.url), api);
    } finally {
      await api.stop();
    }
  }

  describe('[ACCOUNTS] registration', () => {
    it('= code registers only with an identify code', async () => {
      await withApi({ KEYBIN_ACCOUNTS_REGISTRATION: 'code' }, async (client) => {
        await expectClosed(client);
        const name = newName();
        const code = codeIn(await askForCode(client, name));
        expect((await register(client, name, code, 'p')).status).to.equal(200);
        expect((await client.token(name, 'p')).status).to.equal(200);
        expectV1Error(await register(client, newName(), code, 'p'), 400, 'Invalid identify code');
      });
    });

    it('= off registers nobody and sends no code', async () => {
      const settings = { KEYBIN_ACCOUNTS_REGISTRATION: 'off', KEYBIN_V1_CODE_DELIVERY: 'log' };
      await withApi(settings, async (client, api) => {
        await expectClosed(client);
        expectV1Error(await askForCode(client, newName()), 403, closed);
        expectV1Error(await register(client, newName(), '123456', 'p'), 403, closed);
        expect(api.output).not.to.include('Identify code');
      });
    });

    it('= open is warned of in the log if a real delivery of codes can be walked round', async () => {
      const webhook = {
        KEYBIN_V1_CODE_DELIVERY: 'webhook',
        KEYBIN_V1_WEBHOOK_URL: 'http://127.0.0.1:1/',
        KEYBIN_V1_WEBHOOK_SECRET: Buffer.alloc(32, 'key').toString('base64'),
      };
      await withApi(webhook, async (_client, api) => {
        await eventually(() => warningsOf(api).length > 0, 'the warning');
      });
      for (const settings of [{ KEYBIN_ACCOUNTS_REGISTRATION: 'code' }, { KEYBIN_APP_DIALECTS: 'v1' }]) {
        await withApi({ ...webhook, ...settings }, async (_client, api) => {
          await eventually(() => api.output.includes('Keybin listens'), 'the line of the start');
          expect(warningsOf(api)).to.deep.equal([]);
        });
      }
    });
  });
}
