import { once } from 'node:events';
import type { RequestListener, ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { expect } from 'chai';
import { HttpServer } from '@keybin/api/server/server.js';
import { timeBudget } from '@keybin/shared/time-budget.js';
import { eventually } from '../../../world/eventually.js';

const get = 'GET / HTTP/1.1\r\nHost: test\r\n\r\n';
const post = 'POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 30000\r\n\r\n' + 'x'.repeat(30_000);
const times = timeBudget({ lateCheckMs: 50 });
const large = 'x'.repeat(100_000);

describe('pipelined requests', () => {
  let server: HttpServer;
  let url: string;
  let socket: Socket;
  let bytes = 0;

  async function start(listener: RequestListener, requestTimeoutMs = 5_000): Promise<void> {
    server = new HttpServer(listener, { requestTimeoutMs, times });
    url = await server.listen(0, '127.0.0.1');
    const { port, hostname } = new URL(url);
    socket = connect(Number(port), hostname);
    socket.on('error', () => {}); // the server cuts it off
    bytes = 0;
    await once(socket, 'connect');
  }

  const readAll = () => socket.on('data', (chunk: Buffer) => (bytes += chunk.length));

  afterEach(async () => {
    socket.destroy();
    await server.close();
  });

  it('start one at a time, in their order, as responses are sent', async () => {
    const waiting: ServerResponse[] = [];
    const begun: (string | undefined)[] = [];
    await start((request, response) => {
      begun.push(request.url);
      waiting.push(response);
    });
    readAll();
    const urls = Array.from({ length: 20 }, (_, index) => `/${index}`);
    socket.write(urls.map((each) => get.replace('/', each)).join(''));
    for (let round = 1; round <= urls.length; round++) {
      await eventually(() => begun.length >= round, 'the next request');
      expect(begun).to.deep.equal(urls.slice(0, round));
      waiting.shift()?.end();
    }
  });

  it('all get responses, however many there are', async () => {
    const count = 3_000;
    let answered = 0;
    await start((_request, response) => {
      answered++;
      response.end(large.slice(0, 1_000));
    });
    readAll();
    socket.write(get.repeat(count));
    await eventually(() => bytes > count * 1_000 && answered === count, 'all answers');
  });

  it('all get responses if they have bodies', async () => {
    const count = 100;
    let answered = 0;
    await start((request, response) => {
      request.resume().on('end', () => {
        answered++;
        response.end(large.slice(0, 1_000));
      });
    });
    readAll();
    socket.write(post.repeat(count));
    await eventually(() => bytes > count * 1_000 && answered === count, 'all answers');
  });

  it('never start if their connection ends before', async () => {
    const begun: (string | undefined)[] = [];
    let isTold = false;
    await start((request, response) => {
      begun.push(request.url);
      if (request.url === '/other') response.end();
      else response.once('close', () => (isTold = true));
    });
    socket.write(get.repeat(3));
    await eventually(() => begun.length === 1, 'the request');
    socket.destroy();
    await eventually(() => isTold, 'the end');
    await fetch(`${url}/other`);
    expect(begun).to.deep.equal(['/', '/other']);
  });

  it('never start behind the last response of their connection', async () => {
    const begun: (string | undefined)[] = [];
    await start((request, response) => {
      begun.push(request.url);
      if (request.url === '/last') response.setHeader('Connection', 'close');
      response.end();
    });
    const closed = once(socket, 'close');
    readAll();
    socket.write(get.replace('/', '/last') + get);
    await closed;
    await fetch(`${url}/other`);
    expect(begun).to.deep.equal(['/last', '/other']);
  });

  it('do not start while the client reads no response, and no more of them is read', async () => {
    let begun = 0;
    await start((_request, response) => {
      begun++;
      response.end(large.repeat(100));
    });
    socket.pause();
    let isTaken = false;
    socket.write(get.repeat(1_000_000), () => (isTaken = true));
    await eventually(() => begun === 1, 'the first request');
    for (let round = 0; round < 5; round++) {
      const other = await fetch(url); // sent after the server has read the socket
      await other.body?.cancel();
    }
    expect(begun).to.equal(1 + 5);
    expect(isTaken).to.equal(false);
  });

  it('end with their connection if the client reads nothing of a response for too long', async () => {
    const answer = large.repeat(100);
    let isCut = false;
    await start((_request, response) => {
      response.once('close', () => (isCut = true)).end(answer);
    }, 200);
    socket.pause();
    socket.write(get);
    await eventually(() => isCut, 'the end of the connection');
    const closed = once(socket, 'close');
    readAll().resume();
    await closed;
    expect(bytes).to.be.below(answer.length);
  });
});
