import { randomBytes, randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { expect } from 'chai';
import { eventually } from '../../world/eventually.js';
import { KeybinClient } from '../../world/clients/keybin-client.js';
import type { RunningApi } from '../../world/processes/running.js';
import { replyWith, WebhookReceiver } from '../../world/clients/webhook-receiver.js';
import { expectJson } from '../subjects/answers.js';
import type { Subject } from '../subjects/subject.js';
import { askForCode, codeIn, register } from './calls.js';

const newName = () => `name-${randomUUID()}`;

/** Counts how often a code was printed as a separate number. */
const timesPrinted = ({ output }: RunningApi, code: unknown) =>
  (output.match(new RegExp(`(?<![\\d.])${String(code)}(?![\\d.])`, 'g')) ?? []).length;

export function deliveryContract(subject: Subject): void {
  describe('[V1] code_delivery', () => {
    it('= response has the code in the answer alone', async () => {
      await withApi({}, async (client, api) => {
        const name = newName();
        const code = codeIn(await askForCode(client, name));
        expect((await register(subject.besides(client), name, code, 'p')).status).to.equal(200);
        expect(timesPrinted(api, code)).to.equal(0);
      });
    });

    it('= log has it in the log alone, once, with the name', async () => {
      await withApi({ KEYBIN_V1_CODE_DELIVERY: 'log' }, async (client, api) => {
        const name = newName();
        expectJson(await askForCode(client, name), '{"identify_code":null}');
        const logged = () => api.logs.find(({ accout }) => accout === name);
        await eventually(() => logged() !== undefined, 'the code in the log');
        const { identify_code: code, level } = logged() ?? {};
        expect(level).to.equal(30); // info: printed without debug logging, too
        expect((await register(subject.besides(client), name, code, 'p')).status).to.equal(200);
        expect(timesPrinted(api, code)).to.equal(1);
      });
    });

    describe('= webhook', () => {
      let receiver: WebhookReceiver;
      const settings = () => ({
        KEYBIN_V1_CODE_DELIVERY: 'webhook',
        KEYBIN_V1_WEBHOOK_URL: receiver.url,
        KEYBIN_V1_WEBHOOK_SECRET: secret,
      });
      const secret = randomBytes(32).toString('base64');
      const codeReceived = () => JSON.parse(receiver.received.at(-1)?.body ?? '') as Record<string, unknown>;

      beforeEach('a receiver', async () => {
        receiver = await WebhookReceiver.start();
      });
      afterEach(() => receiver.stop());

      it('posts it to the URL and answers null, even after a failed attempt', async () => {
        await withApi(settings(), async (client, api) => {
          for (const replies of [[], [replyWith(500)]]) {
            receiver.replies.push(...replies);
            const name = newName();
            expectJson(await askForCode(client, name), '{"identify_code":null}');
            const { accout, identify_code: code, expire_seconds: seconds } = codeReceived();
            expect([accout, seconds]).to.deep.equal([name, 600]);
            expect((await register(subject.besides(client), name, code, 'p')).status).to.equal(200);
            expect(timesPrinted(api, code)).to.equal(0);
          }
          expect(receiver.received).to.have.lengthOf(3);
          expect(api.output).not.to.include(secret);
        });
      });

      it('still delivers while the process shuts down', async () => {
        const api = await subject.startAnother({ KEYBIN_APP_DEBUG: 'true', ...settings() });
        try {
          const held: ServerResponse[] = [];
          receiver.replies.push((response) => void held.push(response));
          const answer = askForCode(new KeybinClient(api.url), newName());
          await eventually(() => receiver.received.length === 1, 'the code to arrive');
          const stopped = api.stop();
          await eventually(() => api.output.includes('draining'), 'the shutdown to begin');
          for (const response of held) replyWith(200)(response);
          expectJson(await answer, '{"identify_code":null}');
          await stopped;
        } finally {
          await api.stop();
        }
      });
    });
  });

  async function withApi(
    settings: Readonly<Record<string, string>>,
    use: (client: KeybinClient, api: RunningApi) => Promise<void>,
  ): Promise<void> {
    const api = await subject.startAnother({ KEYBIN_APP_DEBUG: 'true', ...settings });
    try {
      await use(new KeybinClient(api.url), api);
    } finally {
      await api.stop();
    }
  }
}
