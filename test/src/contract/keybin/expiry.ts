import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { decodeJwt } from 'jose';
import { longestAnswerMs } from '../../world/answer-time.js';
import { eventually } from '../../world/eventually.js';
import { entryPath, KeybinClient } from '../../world/clients/keybin-client.js';
import { RawConnection } from '../../world/clients/raw-connection.js';
import { replyWith, WebhookReceiver } from '../../world/clients/webhook-receiver.js';
import { expectDone, expectInvalidToken } from '../subjects/answers.js';
import { expectUnauthorized, getAs, signedToken } from '../api/calls.js';
import type { Subject } from '../subjects/subject.js';
import {
  askForCode,
  codeIn,
  expectRefusedToken,
  expectV1Error,
  newV1Account,
  register,
  v1Token,
  view,
} from '../v1/calls.js';
import { action, fileOf, formOf, formType, uploadPath } from '../v1/upload-calls.js';

/**
 * Defines tests of times that the contract states in seconds: expiry of tokens, codes and limits, and timeouts of
 * answers.
 */
export function expiryContract(subject: Subject): void {
  /** Calls `use` with a client of an API with other settings. */
  async function withApi(
    settings: Readonly<Record<string, string>>,
    use: (client: KeybinClient) => Promise<void>,
  ): Promise<void> {
    const api = await subject.startAnother(settings);
    try {
      await use(new KeybinClient(api.url));
    } finally {
      await api.stop();
    }
  }

  describe('what expires', () => {
    it('a token, to the second, whatever it was used for', async () => {
      const lifetimeSeconds = 2;
      await withApi({ KEYBIN_STORE_TOKEN_EXPIRATION: String(lifetimeSeconds) }, async (client) => {
        const elsewhere = subject.besides(client);
        const { username, password } = await client.newAccount();
        const askedMs = performance.now();
        const token = await client.logIn(username, password);
        const answeredMs = performance.now();
        expectDone(await client.put(token, 'a', 1));
        let lastAcceptedMs = 0;
        let firstRefusedMs = Infinity;
        while (firstRefusedMs === Infinity) {
          const sentMs = performance.now();
          const { status } = await elsewhere.get(token, 'a');
          if (status === 200) lastAcceptedMs = sentMs;
          else firstRefusedMs = performance.now();
          await delay(5); // else the loop would starve the timers of the API
        }
        expect(lastAcceptedMs - answeredMs, 'accepted after its end').to.be.at.most(lifetimeSeconds * 1_000);
        expect(firstRefusedMs - askedMs, 'refused before its end').to.be.at.least(lifetimeSeconds * 1_000 - 1);
        for (const each of [client, elsewhere]) {
          expectInvalidToken(await each.put(token, 'a', 2));
          expectInvalidToken(await each.keys(token));
        }
      });
    });

    it('a token, and problem details tell it from an unknown one, until its client has another one', async () => {
      await withApi({ KEYBIN_STORE_TOKEN_EXPIRATION: '1' }, async (client) => {
        const elsewhere = subject.besides(client);
        const { username, password } = await client.newAccount();
        const token = await client.logIn(username, password);
        await eventually(async () => (await client.keys(token)).status === 403, 'the end of the token');
        for (const each of [client, elsewhere]) {
          expect(await problemsOf(each, token)).to.deep.equal(Array(5).fill('403 Invalid token expired_token'));
          expect(await problemsOf(each, randomUUID())).to.deep.equal(Array(5).fill('403 Invalid token invalid_token'));
        }
        await elsewhere.logIn(username, password);
        for (const each of [client, elsewhere]) {
          expect(await problemsOf(each, token)).to.deep.equal(Array(5).fill('403 Invalid token invalid_token'));
        }
      });
    });

    it('a signed token, after [ACCOUNTS] signed_token_expiration', async () => {
      await withApi({ KEYBIN_ACCOUNTS_SIGNED_TOKEN_EXPIRATION: '2' }, async (client) => {
        const { username, password } = await client.newAccount();
        const token = await signedToken(client, username, password);
        const { exp = 0 } = decodeJwt(token);
        const isRefused = async () => (await getAs(client, '/api/resource', token, 'x')).status === 401;
        expect(await isRefused()).to.equal(false);
        await eventually(isRefused, 'the end of the token');
        expect(Date.now() - exp * 1_000).to.be.at.least(0);
        expectUnauthorized(await getAs(client, '/api/token', token, 'x'));
      });
    });

    it('a token of /v1, after [V1] token_expiration', async () => {
      await withApi({ KEYBIN_V1_TOKEN_EXPIRATION: '1' }, async (client) => {
        const elsewhere = subject.besides(client);
        const account = await client.newAccount();
        const askedMs = Date.now();
        const token = await v1Token(client, account);
        const lives = async () => (await view(elsewhere, account.username, token)).status === 200;
        expect(await lives()).to.equal(true);
        await eventually(async () => !(await lives()), 'the end of the token');
        expect(Date.now() - askedMs).to.be.at.least(999);
        expectRefusedToken(await view(elsewhere, account.username, token));
        expect((await elsewhere.keys(account.token)).status).to.equal(200);
      });
    });

    it('an identify code, after [V1] code_expiration', async () => {
      await withApi({ KEYBIN_V1_CODE_EXPIRATION: '1' }, async (client) => {
        const elsewhere = subject.besides(client);
        const name = `1388${randomUUID()}`;
        const code = codeIn(await askForCode(client, name));
        const madeMs = Date.now();
        await eventually(() => Date.now() - madeMs > 1_000, 'the code to expire');
        expectV1Error(await register(elsewhere, name, code, 'p'), 400, 'Invalid identify code');
        const again = codeIn(await askForCode(client, name));
        expect((await register(elsewhere, name, again, 'p')).status).to.equal(200);
      });
    });

    it('the limit of failed logins, with its window', async () => {
      await withApi({ KEYBIN_LIMITS_FAILED_LOGINS_PER_ACCOUNT: '1/2' }, async (client) => {
        const [username, password] = [randomUUID(), 'never used yet'];
        expectDone(await client.register(username, password));
        expect((await client.token(username, 'wrong')).status).to.equal(403);
        const refused = await client.token(username, password);
        expect(refused.status).to.equal(429);
        expect(Number(refused.headers['retry-after'])).to.be.within(1, 2);
        await eventually(async () => (await client.token(username, password)).status === 200, 'the end of the window');
      });
    });

    it('an upload that sends a few bytes now and then, with 408', async () => {
      await withApi({ KEYBIN_LIMITS_REQUEST_TIMEOUT: '1' }, async (client) => {
        const { v1Token: token } = await newV1Account(client);
        const connection = await RawConnection.open(client.baseUrl);
        const form = formOf([action, fileOf(randomBytes(10_000))]);
        connection.send(
          `POST ${uploadPath(token)} HTTP/1.1\r\nHost: x\r\nContent-Type: ${formType}\r\nContent-Length: 100000000\r\n\r\n`,
        );
        connection.send(form.subarray(0, 5_000));
        const drip = setInterval(() => connection.send('x'), 50);
        try {
          expect(await connection.answers(1)).to.match(/^HTTP\/1\.1 408 /);
          await connection.closed();
        } finally {
          clearInterval(drip);
          connection.destroy();
        }
        const { files } = (await client.send('GET', uploadPath(token))).json as { files: unknown[] };
        expect(files).to.deep.equal([]);
      });
    });

    it('the delivery of an identify code to a receiver that does not accept it, with 503 within 2 s', async () => {
      const receiver = await WebhookReceiver.start();
      const settings = {
        KEYBIN_V1_CODE_DELIVERY: 'webhook',
        KEYBIN_V1_WEBHOOK_URL: receiver.url,
        KEYBIN_V1_WEBHOOK_SECRET: randomBytes(32).toString('base64'),
      };
      try {
        await withApi(settings, async (client) => {
          for (const replies of [[replyWith(404)], Array<() => void>(20).fill(() => {})]) {
            receiver.replies.push(...replies);
            const startedMs = performance.now();
            const answer = await askForCode(client, randomUUID());
            expect(performance.now() - startedMs).to.be.below(longestAnswerMs);
            expectV1Error(answer, 503, 'Service unavailable, try again later');
            expect(answer.headers['retry-after']).to.match(/^\d+$/);
          }
        });
      } finally {
        await receiver.stop();
      }
    });
  });
}

/** Returns status, detail and code of the problem with which each request with this token is refused. */
function problemsOf(client: KeybinClient, token: string): Promise<string[]> {
  const headers = { accept: 'application/problem+json' };
  const [key, badKey] = [entryPath(token, 'key'), entryPath(token, '!')];
  const answers = [
    client.send('GET', key, { headers }),
    client.send('POST', key, { json: { value: 1 }, headers }),
    client.send('DELETE', key, { headers }),
    client.send('GET', `/user/${token}/keys`, { headers }),
    client.send('GET', badKey, { headers }),
  ];
  return Promise.all(
    answers.map(async (answer) => {
      const { status, detail, code } = (await answer).json as { status: number; detail: string; code: string }; // RFC 9457
      return `${status} ${detail} ${code}`;
    }),
  );
}
