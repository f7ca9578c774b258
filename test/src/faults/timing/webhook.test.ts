import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import { pino } from 'pino';
import { Webhook as Verifier } from 'standardwebhooks';
import { Webhook } from '@keybin/api/identify-codes/webhook.js';
import type { Log } from '@keybin/shared/process/log.js';
import { codeOf } from '../../unit/embedded/store.js';
import { longestAnswerMs } from '../../world/answer-time.js';
import { eventually } from '../../world/eventually.js';
import { hang, replyWith, WebhookReceiver, type ReceivedMessage } from '../../world/clients/webhook-receiver.js';

const secret = randomBytes(32).toString('base64');
const message = { username: 'ada', code: 315_053, lifetimeSeconds: 600 };
/** Message that the receiver gets. */
const told = { accout: 'ada', identify_code: 315_053, expire_seconds: 600 };

const verified = ({ body, headers }: ReceivedMessage, key = secret): unknown =>
  new Verifier(key).verify(body, headers as Record<string, string>); // none of the three headers comes twice

describe('the webhook for identify codes', () => {
  let receiver: WebhookReceiver;
  let webhook: Webhook;
  let lines: string[];

  beforeEach('a receiver', async () => {
    receiver = await WebhookReceiver.start();
    lines = [];
    webhook = opened();
  });
  afterEach(async () => {
    await receiver.stop();
    await webhook.close();
  });

  function opened(timeoutSeconds = 2, url = receiver.url, key = secret): Webhook {
    const log: Log = pino({}, { write: (line: string) => void lines.push(line) });
    return new Webhook({ url, secret: key, timeoutSeconds }, log);
  }

  const deliver = () => webhook.deliver(message, performance.now());
  const idsReceived = () => receiver.received.map(({ headers }) => headers['webhook-id']);

  it('posts JSON to the URL and does not return the code', async () => {
    expect(await deliver()).to.equal(null);
    const [first, ...others] = receiver.received;
    expect(others).to.deep.equal([]);
    expect(first).to.deep.include({ method: 'POST', path: '/codes?to=sms' });
    expect(first?.headers['content-type']).to.equal('application/json');
    expect(JSON.parse(first?.body ?? '')).to.deep.equal(told);
  });

  it('signs messages as Standard Webhooks requires, with whsec_ or without', async () => {
    await deliver();
    await webhook.close();
    webhook = opened(2, receiver.url, `whsec_${secret}`);
    await deliver();
    expect(receiver.received).to.have.lengthOf(2);
    for (const received of receiver.received) {
      expect(verified(received)).to.deep.equal(told);
      expect(() => verified(received, randomBytes(32).toString('base64'))).to.throw();
      expect(() => verified({ ...received, body: received.body.replace('315053', '315054') })).to.throw();
    }
    expect(new Set(idsReceived()).size).to.equal(2);
  });

  it('retries after 500, 503 or 429 with the same message, and logs nothing about it', async () => {
    receiver.replies.push(replyWith(500), replyWith(503), replyWith(429));
    expect(await deliver()).to.equal(null);
    expect(receiver.received).to.have.lengthOf(4);
    expect(new Set(idsReceived()).size).to.equal(1);
    for (const received of receiver.received) expect(verified(received)).to.deep.equal(told);
    expect(lines).to.deep.equal([]);
  });

  it('aborts a hanging attempt in time for another one', async () => {
    receiver.replies.push(hang);
    const startedMs = performance.now();
    expect(await deliver()).to.equal(null);
    expect(receiver.received).to.have.lengthOf(2);
    expect(performance.now() - startedMs).to.be.below(longestAnswerMs);
  });

  it('returns 503 within 2 s if the receiver hangs, fails, or is down', async () => {
    const away = await WebhookReceiver.start();
    const other = opened(2, away.url);
    await away.stop();
    const startedMs = performance.now();
    const refusedAfter = async (tried: Promise<unknown>) => {
      expect(await codeOf(tried)).to.equal('unavailable');
      expect(performance.now() - startedMs).to.be.below(longestAnswerMs);
    };
    receiver.replies.push(...Array.from({ length: 100 }, (_, index) => (index % 2 ? hang : replyWith(500))));
    await Promise.all([refusedAfter(deliver()), refusedAfter(other.deliver(message, startedMs))]);
    expect(receiver.received.length).to.be.at.least(2);
    await other.close();
  });

  it('measures its time from the start of the request', async () => {
    receiver.replies.push(...Array<typeof hang>(10).fill(hang));
    const startedMs = performance.now() - 1_500;
    expect(await codeOf(webhook.deliver(message, startedMs))).to.equal('unavailable');
    expect(performance.now() - startedMs).to.be.below(longestAnswerMs);
  });

  it('does not retry a refused message, and follows no redirect', async () => {
    const other = await WebhookReceiver.start();
    for (const reply of [replyWith(400), replyWith(401), replyWith(404), replyWith(307, { location: other.url })]) {
      receiver.replies.push(reply);
      expect(await codeOf(deliver())).to.equal('unavailable');
    }
    expect(receiver.received).to.have.lengthOf(4);
    expect(other.received).to.deep.equal([]);
    await other.stop();
  });

  it('opens at most 32 connections, over which all messages arrive', async () => {
    await Promise.all(Array.from({ length: 200 }, deliver));
    expect(new Set(idsReceived()).size).to.equal(200);
    expect(receiver.mostConnections).to.be.within(2, 32);
  });

  it('delivers messages in flight before it closes', async () => {
    const held: ServerResponse[] = [];
    receiver.replies.push((response) => void held.push(response));
    const delivered = deliver();
    await eventually(() => held.length === 1, 'the message to arrive');
    let isClosed = false;
    const closed = webhook.close().then(() => (isClosed = true));
    await nextTurn();
    expect(isClosed).to.equal(false);
    for (const response of held) replyWith(200)(response);
    expect(await delivered).to.equal(null);
    await closed;
  });

  it('logs once that it fails and once that it works again, and never a code or the secret', async () => {
    receiver.replies.push(replyWith(400), replyWith(400));
    for (let count = 0; count < 2; count++) expect(await codeOf(deliver())).to.equal('unavailable');
    for (let count = 0; count < 2; count++) await deliver();
    const logged = lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
    expect(logged).to.deep.equal([
      'The webhook does not accept identify codes',
      'The webhook accepts identify codes again',
    ]);
    for (const text of ['315053', secret]) expect(lines.join('')).not.to.include(text);
  });
});
