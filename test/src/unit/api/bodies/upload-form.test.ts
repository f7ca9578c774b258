import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { readUploadForm } from '@keybin/api/bodies/upload-form.js';
import { unavailable } from '@keybin/shared/errors.js';
import { formType } from '../../../contract/v1/upload-calls.js';
import { codeOf } from '../../embedded/store.js';

const nothing = () => Promise.reject(new Error('no file has come'));

describe('the form of an upload', () => {
  let server: Server;

  beforeEach(async () => {
    server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  /** Sends the head of a request. Returns the request as the server has it, and a function that breaks it off. */
  async function arrived(): Promise<{ incoming: IncomingMessage; breakOff: () => void }> {
    const { port } = server.address() as AddressInfo; // it listens on TCP
    const sent = request({
      port,
      method: 'POST',
      headers: { 'content-type': formType, 'transfer-encoding': 'chunked' },
    });
    sent.on('error', () => {}); // the request is broken off
    sent.flushHeaders();
    const [incoming] = (await once(server, 'request')) as [IncomingMessage];
    return { incoming, breakOff: () => sent.destroy() };
  }

  it('is refused at once if its client disconnects before it is read', async () => {
    const { incoming, breakOff } = await arrived();
    const gone = new Promise<void>((resolve) => incoming.once('close', resolve));
    incoming.on('error', () => {}); // reports that the request was broken off
    breakOff();
    await gone;
    expect(await codeOf(readUploadForm(incoming, nothing, new AbortController().signal))).to.equal(
      'body_not_multipart',
    );
  });

  it('is not read if it was aborted before', async () => {
    const { incoming, breakOff } = await arrived();
    const signal = AbortSignal.abort(unavailable(new Error('the process shuts down')));
    expect(await codeOf(readUploadForm(incoming, nothing, signal))).to.equal('unavailable');
    incoming.on('error', () => {});
    breakOff();
  });
});
