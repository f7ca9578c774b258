import { expect } from 'chai';
import { KeybinClient } from '../../../world/clients/keybin-client.js';
import { eventually } from '../../../world/eventually.js';
import { startApi } from '../../../world/processes/keybin-service.js';
import type { RunningApi } from '../../../world/processes/running.js';

describe('the id of a request', () => {
  let api: RunningApi;
  let client: KeybinClient;

  before(async () => {
    api = await startApi({ env: { KEYBIN_APP_DEBUG: 'true' } });
    client = new KeybinClient(api.url);
  });
  after(() => api.stop());

  const answered = async (given?: string, path = '/livez') => {
    const headers: Record<string, string> = given === undefined ? {} : { 'x-request-id': given };
    return String((await client.send('GET', path, { headers })).headers['x-request-id']);
  };

  it('is the one that the client sends, also in an error', async () => {
    for (const id of ['a', '018f3b0e-7a9c-7cc1-8000-9f4e3b2a1d00', 'Root=1-67891233-abcdef', 'x'.repeat(64)]) {
      expect(await answered(id)).to.equal(id);
      expect(await answered(id, '/no-route')).to.equal(id);
    }
  });

  it('is new and unique if the client sends none or an unsafe one', async () => {
    const made = [];
    for (const id of [undefined, '', 'x'.repeat(65), '"},{"a":"b', 'a b', 'ä']) made.push(await answered(id));
    for (const id of made) expect(id).to.match(/^[0-9a-f]{10}-[0-9a-z]+$/);
    expect(new Set(made).size).to.equal(made.length);
  });

  it('is in the log line of the request, which has no path', async () => {
    const { token } = await client.newAccount();
    await client.send('GET', `/user/${token}/keys`, { headers: { 'x-request-id': 'of-this-test' } });
    const line = await eventually(
      () => api.logs.find(({ msg, request }) => msg === 'Request completed' && request === 'of-this-test'),
      'the line',
    );
    expect(line).to.include({ method: 'GET', route: '/user/:token/keys', status: 200 });
    expect(api.output).not.to.include(token);
  });
});
