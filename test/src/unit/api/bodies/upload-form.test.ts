import { once } from 'node:events';
import { createServer, request, type ClientRequest, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import { readUploadForm, type FilePart } from '@keybin/api/bodies/upload-form.js';
import { unavailable } from '@keybin/shared/errors.js';
import { action, fileOf, formEnd, formOf, formType } from '../../../contract/v1/upload-calls.js';
import { codeOf } from '../../embedded/store.js';

async function takeSlowly({ bytes }: FilePart): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of bytes) {
    await nextTurn();
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}

const options = { signal: new AbortController().signal, fileLimitBytes: 2 ** 20 };
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

  /** Sends the head of a request. Returns the request as the server has it, and as the client does. */
  async function arrived(): Promise<{ incoming: IncomingMessage; sent: ClientRequest }> {
    const { port } = server.address() as AddressInfo; // it listens on TCP
    const sent = request({
      port,
      method: 'POST',
      headers: { 'content-type': formType, 'transfer-encoding': 'chunked' },
    });
    sent.on('error', () => {}); // the request is broken off
    sent.flushHeaders();
    const [incoming] = (await once(server, 'request')) as [IncomingMessage];
    return { incoming, sent };
  }

  it('has the whole file, however it is cut into pieces and however slowly the file is taken', async () => {
    const near = `\r\n${formEnd.toString().slice(0, 20)}`; // begins like the end of the form
    for (const content of ['', near, ...[40, 65_536, 150_000].map((length) => near.padEnd(length, '\r\n--x'))]) {
      const form = formOf([fileOf(content), action]);
      for (const pieceBytes of [7, 4_096, form.length].filter((bytes) => form.length / bytes < 1_000)) {
        const { incoming, sent } = await arrived();
        for (let at = 0; at < form.length; at += pieceBytes) sent.write(form.subarray(at, at + pieceBytes));
        sent.end();
        const taken = await readUploadForm(incoming, takeSlowly, options);
        expect(taken === content, `${content.length} bytes in pieces of ${pieceBytes}`).to.equal(true);
        sent.destroy();
      }
    }
  });

  it('is refused at once if its client disconnects before it is read', async () => {
    const { incoming, sent } = await arrived();
    const gone = new Promise<void>((resolve) => incoming.once('close', resolve));
    incoming.on('error', () => {}); // reports that the request was broken off
    sent.destroy();
    await gone;
    expect(await codeOf(readUploadForm(incoming, nothing, options))).to.equal('body_not_multipart');
  });

  it('is not read if it was aborted before', async () => {
    const { incoming, sent } = await arrived();
    const signal = AbortSignal.abort(unavailable(new Error('the process shuts down')));
    expect(await codeOf(readUploadForm(incoming, nothing, { ...options, signal }))).to.equal('unavailable');
    incoming.on('error', () => {});
    sent.destroy();
  });
});
