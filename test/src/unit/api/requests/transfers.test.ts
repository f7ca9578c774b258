import { EventEmitter } from 'node:events';
import { IncomingMessage, type ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect } from 'chai';
import { Transfers } from '@keybin/api/requests/transfers.js';
import { codeOf } from '../../embedded/store.js';

const request = () => new IncomingMessage(new Socket());
/** Returns the used part of a response: its end, and `destroy`. */
const response = () => {
  const emitter = new EventEmitter();
  return Object.assign(emitter, { destroy: () => emitter.emit('close') }) as unknown as ServerResponse;
};

/** Returns a promise and a function that resolves it. */
function held() {
  const ending = new EventEmitter();
  const over = new Promise<void>((resolve) => ending.once('end', resolve));
  return { over, release: () => ending.emit('end') };
}

const send = async (transfers: Transfers, userId: string, to = response()) => transfers.sending(to, userId);

describe('uploads and downloads of a process', () => {
  it('are bounded, and a slot is free when one has ended in any way', async () => {
    const transfers = new Transfers({ atOnce: 2, idleMs: 1_000 });
    const { over, release } = held();
    const under = [1, 2].map(() => transfers.receiving(request(), () => over));
    expect(await codeOf(transfers.receiving(request(), async () => {}))).to.equal('unavailable');
    release();
    await Promise.all(under);
    expect(await codeOf(transfers.receiving(request(), () => Promise.reject(new Error('x'))))).to.equal(undefined);
    await transfers.receiving(request(), async () => {});
    const answers = [response(), response()];
    for (const [at, answer] of answers.entries()) await send(transfers, String(at), answer);
    expect(await codeOf(send(transfers, 'another'))).to.equal('unavailable');
    answers[0]?.emit('close');
    await send(transfers, 'another');
  });

  it('take no slot for a client that has disconnected', async () => {
    const transfers = new Transfers({ atOnce: 1, idleMs: 1_000 });
    await send(transfers, 'a', Object.assign(response(), { destroyed: true }));
    await send(transfers, 'a');
  });

  it('of one account take at most a quarter', async () => {
    const transfers = new Transfers({ atOnce: 8, idleMs: 1_000 });
    const { over, release } = held();
    const receive = (userId: string) =>
      transfers.receiving(request(), ({ countFor }) => {
        countFor(userId);
        return over;
      });
    const under = [receive('a'), receive('a'), receive('b')];
    expect(await codeOf(receive('a'))).to.equal('unavailable');
    release();
    await Promise.all(under);
    await receive('a');
    await send(transfers, 'a');
    await send(transfers, 'a');
    expect(await codeOf(send(transfers, 'a'))).to.equal('unavailable');
    await send(transfers, 'b');
  });

  it('are all aborted when the process shuts down', async () => {
    const transfers = new Transfers({ atOnce: 8, idleMs: 1_000 });
    const upload = transfers.receiving(request(), ({ signal }) => {
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    });
    const answer = response();
    await send(transfers, 'a', answer);
    let isCut = false;
    answer.once('close', () => (isCut = true));
    transfers.endAll();
    expect([await codeOf(upload), isCut]).to.deep.equal(['unavailable', true]);
  });
});
