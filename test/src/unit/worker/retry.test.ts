import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { expect } from 'chai';
import {
  MongoInvalidArgumentError,
  MongoNetworkError,
  MongoServerError,
  MongoServerSelectionError,
  type TopologyDescription,
} from 'mongodb';
import { unavailable } from '@keybin/shared/errors.js';
import { isOutage } from '@keybin/shared/engines/scale-out/mongodb/outage.js';
import { Abandoned, retryThroughOutage } from '@keybin/worker/apply/retry.js';
import { silent } from '../../world/scale-out/staged.js';

const serverError = (code: number, errorLabels: string[] = []) =>
  new MongoServerError({ message: 'refused', code, errorLabels });

describe('an outage', () => {
  it('is an error that passes by itself', () => {
    const nobody = {} as TopologyDescription; // used only as the error's reason
    const selection = new MongoServerSelectionError('no primary', nobody);
    const codes = [13, 18, 91, 189, 10_107, 11_600, 13_435, 14_031].map((code) => serverError(code));
    const socket = Object.assign(new Error('reset'), { syscall: 'read' });
    const errors = [
      selection,
      new MongoNetworkError('closed'),
      ...codes,
      serverError(1, ['RetryableWriteError']),
      socket,
    ];
    for (const error of [...errors, unavailable()]) expect(isOutage(error), String(error)).to.equal(true);
  });

  it('is a write to a server that has just closed the connection', async () => {
    const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').resume();
    socket.once('end', () => queueMicrotask(() => socket.write('a command')));
    const [error]: unknown[] = await once(socket, 'error');
    server.close();
    expect(error).to.include({ code: 'EPIPE' }).and.not.have.property('syscall');
    expect(isOutage(error)).to.equal(true);
  });

  it('is not an error of the write itself', () => {
    const errors = [serverError(121), serverError(2), new MongoInvalidArgumentError('no'), new RangeError('too large')];
    for (const error of errors) expect(isOutage(error), String(error)).to.equal(false);
  });

  it('is survived by retries', async () => {
    let attempts = 0;
    const attempt = async () => {
      attempts += 1;
      if (attempts < 4) throw unavailable();
      return attempts;
    };
    const patience = { log: silent, closing: new AbortController().signal, graceMs: 1_000 };
    expect(await retryThroughOutage('Test', attempt, patience)).to.equal(4);
  });

  it('is abandoned when the worker shuts down, and so is an attempt that hangs', async () => {
    const ending = new AbortController();
    const patience = { log: silent, closing: ending.signal, graceMs: 10 };
    const failing = retryThroughOutage('Test', () => Promise.reject(unavailable()), patience);
    const hanging = retryThroughOutage('Test', () => new Promise(() => {}), patience);
    ending.abort();
    for (const given of await Promise.allSettled([failing, hanging])) {
      expect(given).to.have.property('reason').that.is.instanceOf(Abandoned);
    }
  });
});
