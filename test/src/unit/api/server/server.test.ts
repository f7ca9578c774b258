import type { RequestListener, ServerResponse } from 'node:http';
import { expect } from 'chai';
import { HttpServer } from '@keybin/api/server/server.js';
import { eventually } from '../../../world/eventually.js';
import { RawConnection } from '../../../world/clients/raw-connection.js';
import { times } from '../../../world/times.js';

const get = 'GET / HTTP/1.1\r\nHost: test\r\n\r\n';
const getAtOnce = get.replace('/', '/at-once');
const connect = 'CONNECT test:80 HTTP/1.1\r\nHost: test\r\n\r\n';
const brokenChunk = 'POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\nnot hex\r\n';
const slowBody = 'POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\n1234';

const answerAtOnce: RequestListener = (_request, response) => response.end('answered');

describe('the HTTP server', () => {
  let server: HttpServer;
  const waiting: ServerResponse[] = [];
  const connections: RawConnection[] = [];

  async function start(listener: RequestListener, requestTimeoutMs = 5_000): Promise<string> {
    server = new HttpServer(listener, { requestTimeoutMs, times });
    return server.listen(0, '127.0.0.1');
  }

  async function open(url: string): Promise<RawConnection> {
    const connection = await RawConnection.open(url);
    connections.push(connection);
    return connection;
  }

  const readAndAnswerLater: RequestListener = (request, response) => waiting.push(response) && request.resume();
  const answerLater: RequestListener = (_request, response) => waiting.push(response);

  afterEach(async () => {
    for (const response of waiting.splice(0)) response.end();
    for (const connection of connections.splice(0)) connection.destroy();
    await server.close();
  });

  for (const [what, bytes, status] of [
    ['an unknown method', 'FOO / HTTP/1.1\r\nHost: test\r\n\r\n', 405],
    ['CONNECT', connect, 405],
    ['headers that are too large', `GET / HTTP/1.1\r\nHost: test\r\nA: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
    ['broken headers', 'GET / HTTP/1.1\r\nHost test\r\n\r\n', 400],
    ['a broken chunk', brokenChunk, 400],
    [
      'a length beside chunks',
      'POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n',
      400,
    ],
    ['a coding that node takes', 'POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: gzip, chunked\r\n\r\n', 501],
    ['a coding that node refuses', 'POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: identity\r\n\r\n', 501],
  ] as const) {
    it(`answers ${status} to ${what} and ends the connection`, async () => {
      const connection = await open(await start(readAndAnswerLater));
      connection.send(bytes);
      const answer = await connection.closed();
      expect(connection.statuses).to.deep.equal([status]);
      expect(answer)
        .to.include('Connection: close')
        .and.to.match(/Content-Type: text\/plain/);
      expect(answer.includes('Allow: GET, HEAD, POST, DELETE')).to.equal(status === 405);
    });
  }

  for (const [what, bytes, status] of [
    ['broken headers', 'GET / HTTP/1.1\r\nHost test\r\n\r\n', 400],
    ['CONNECT', connect, 405],
    ['a request that never arrives whole', 'GET / HTTP/1.1\r\nHost', 408],
  ] as const) {
    it(`closes the connection, and drains, when the sender of ${what} keeps its side open`, async () => {
      const connection = await RawConnection.open(await start(answerLater, 100), { allowHalfOpen: true });
      connections.push(connection);
      connection.send(bytes);
      await connection.answers(1);
      expect(connection.statuses).to.deep.equal([status]);
      await server.close();
    });
  }

  it('answers a request whose body is broken but irrelevant, and closes the connection afterwards', async () => {
    const connection = await open(await start(answerLater));
    connection.send('DELETE / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\nnot hex\r\n');
    const response = await eventually(() => waiting[0], 'the request');
    await eventually(() => response.getHeader('Connection') === 'close', 'the error');
    response.end('deleted');
    const answer = await connection.closed();
    expect(connection.statuses).to.deep.equal([200]);
    expect(answer)
      .to.include('Connection: close')
      .and.match(/deleted/);
  });

  it('survives connections that are reset at any moment', async () => {
    const url = await start(answerAtOnce);
    for (const bytes of [connect, 'FOO', get, 'GET / HT']) {
      for (const answers of [0, bytes === 'GET / HT' ? 0 : 1]) {
        const connection = await RawConnection.open(url);
        connection.send(bytes);
        await connection.answers(answers);
        connection.reset();
      }
    }
    const connection = await open(url);
    connection.send(get);
    await connection.answers(1);
  });

  it('answers 408 to a request whose headers are slow', async () => {
    const connection = await open(await start(answerAtOnce, 100));
    connection.send('GET / HTTP/1.1\r\nHo');
    await connection.closed();
    expect(connection.statuses).to.deep.equal([408]);
  });

  it('answers 408 to a request whose body is slow', async () => {
    const connection = await open(await start(answerLater, 100));
    connection.send(slowBody);
    await connection.closed();
    expect(connection.statuses).to.deep.equal([408]);
  });

  it('begins no request behind one that it has refused', async () => {
    const begun: (string | undefined)[] = [];
    const url = await start((request, response) => {
      begun.push(request.url);
      if (request.method === 'GET') response.end('answered');
    }, 100);
    const connection = await RawConnection.open(url, { allowHalfOpen: true });
    connections.push(connection);
    connection.send(slowBody);
    await connection.answers(1);
    await connection.sent(`5${getAtOnce}`);
    const other = await open(url);
    other.send(get);
    await other.answers(1); // the server read the other connection before
    expect([connection.statuses, begun]).to.deep.equal([[408], ['/', '/']]);
  });

  /** Sends bytes on a connection of their own, and resolves once the server has ended it. */
  async function untilRefused(url: string, bytes: string): Promise<void> {
    const connection = await open(url);
    connection.send(bytes);
    await connection.closed();
  }

  for (const [what, bytes, notBegun, begun] of [
    ['broken bytes', 'FOO', [200], [200, 405]],
    ['CONNECT', connect, [200], [200, 405]],
    ['a broken chunk', brokenChunk, [200, 400], [200, 400]],
    ['a late body', slowBody, [200, 408], [200, 408]],
    ['broken bytes, after a request that waits for its turn,', `${getAtOnce}FOO`, [200, 200], [200, 200]],
  ] as const) {
    for (const [state, first, statuses] of [
      ['has not begun', '', notBegun],
      ['has begun', 'begun', begun],
    ] as const) {
      it(`sends ${statuses.join(', ')} for ${what} behind a response that ${state}, and ends the connection`, async () => {
        const url = await start((request, response) => {
          if (request.url === '/at-once') response.end('answered');
          else if (request.method === 'GET') waiting.push(response);
          else request.resume();
        }, 500);
        const connection = await open(url);
        connection.send(get);
        const response = await eventually(() => waiting.shift(), 'the request');
        if (first) response.write(first);
        await connection.answers(first ? 1 : 0);
        connection.send(bytes);
        await untilRefused(url, bytes); // the server read those before
        response.end(' and ended');
        const answer = await connection.closed();
        expect(connection.statuses).to.deep.equal(statuses);
        expect(answer).to.match(first ? /^HTTP\/1\.1 200 [^]*\r\nbegun\r\n[^]* and ended\r\n/ : / and ended/);
        expect(answer.match(/Connection: close/g)).to.have.length(1);
      });
    }
  }

  for (const [what, head] of [
    ['without a length', 'POST / HTTP/1.1\r\nHost: test\r\n\r\n'],
    ['of HTTP/1.0', 'POST / HTTP/1.0\r\nHost: test\r\nContent-Length: 1\r\n\r\n'],
    ['whose length counts characters', 'POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 1\r\n\r\n'],
    ['that asks to close', 'POST / HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: 1\r\n\r\n'],
  ]) {
    it(`answers a request ${what}, whose client sends more than that before it reads`, async () => {
      const url = await start((request, response) => void request.resume().on('end', () => waiting.push(response)));
      const connection = await open(url);
      connection.pause();
      connection.send(`${head}ö"`);
      const response = await eventually(() => waiting.shift(), 'the request');
      await eventually(() => response.getHeader('Connection') === 'close', 'the error');
      const { socket } = response;
      response.end('done');
      await eventually(() => socket?.writableFinished, 'the end of what the server sends');
      await connection.sent('x'.repeat(5_000_000));
      connection.resume();
      expect(await connection.closed()).to.match(/^HTTP\/1\.1 200 [^]*Connection: close[^]*done$/);
    });
  }

  describe('whose client reads a response slowly', () => {
    /** Slightly larger than the system's buffers of both sides: the client has a second to take the rest. */
    const large = 'x'.repeat(6_000_000);

    /** Sends `bytes`, reads nothing until the server has refused them, and returns the connection. */
    async function receivedLate(bytes: string): Promise<RawConnection> {
      const url = await start((request, response) => {
        if (request.method === 'GET') response.end(request.url === '/at-once' ? 'answered' : large);
      }, 100);
      const connection = await open(url);
      connection.pause();
      connection.send(bytes);
      await untilRefused(url, bytes.replace(get, ''));
      connection.resume();
      await connection.closed();
      return connection;
    }

    it('answers 408 behind it to a request whose body is slow', async () => {
      const { received } = await receivedLate(`${get}${slowBody}`);
      expect(received.includes(`${large}HTTP/1.1 408`)).to.equal(true);
    });

    it('answers a request behind it that waits as the last one, if broken bytes follow', async () => {
      const { received, statuses } = await receivedLate(`${get}${getAtOnce}FOO`);
      expect(statuses).to.deep.equal([200, 200]);
      expect(received).to.match(/Connection: close[^]*answered$/);
    });
  });

  describe('that closes', () => {
    it('answers the requests that it accepted, with Connection: close', async () => {
      const connection = await open(await start(answerLater));
      connection.send(get);
      const response = await eventually(() => waiting[0], 'the request');
      const closed = server.close();
      response.end('late');
      await closed;
      expect(await connection.closed()).to.match(/^HTTP\/1\.1 200 [^]*\r\nConnection: close\r\n[^]*late$/i);
    });

    it('answers each request of a pipeline that it accepted', async () => {
      const connection = await open(await start(answerLater));
      connection.send(get + get);
      const response = await eventually(() => waiting.shift(), 'the first request');
      const closed = server.close();
      response.end('late');
      (await eventually(() => waiting.shift(), 'the second request')).end('late');
      await closed;
      await connection.closed();
      expect(connection.statuses).to.deep.equal([200, 200]);
    });

    it('accepts a request whose body has not arrived yet', async () => {
      const url = await start((request, response) => request.resume().on('end', () => response.end('late')));
      const connection = await open(url);
      connection.send('POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n\r\n1');
      const other = await open(url);
      other.send(get);
      await other.answers(1);
      const closed = server.close();
      connection.send('2');
      await closed;
      expect(await connection.closed()).to.match(/^HTTP\/1\.1 200 [^]*late$/);
    });

    it('closes idle connections', async () => {
      const connection = await open(await start(answerAtOnce));
      connection.send(get);
      await connection.answers(1);
      await server.close();
      await connection.closed();
    });

    it('answers a request in flight as the last one of its connection', async () => {
      let answered = 0;
      const url = await start((_request, response) => {
        response.end('answered', () => {
          if (++answered === 2) fresh.send(get); // at once, because the server does not wait long
        });
      });
      const [used, fresh] = [await open(url), await open(url)];
      used.send(get);
      await used.answers(1);
      const closed = server.close();
      used.send(get);
      await closed;
      for (const connection of [used, fresh]) {
        expect(await connection.closed()).to.match(/\r\nConnection: close\r\n[^]*answered$/);
      }
      expect([used.statuses, fresh.statuses]).to.deep.equal([[200, 200], [200]]);
    });

    it('answers a pipeline that arrives meanwhile, with Connection: close only in the last response', async () => {
      const connection = await open(await start(answerLater));
      connection.send(get);
      const response = await eventually(() => waiting.shift(), 'the request');
      const closed = server.close();
      connection.send(get + get);
      await eventually(() => response.getHeader('Connection') === 'keep-alive', 'the requests behind it');
      response.end('late');
      for (const which of ['second', 'third']) (await eventually(() => waiting.shift(), which)).end('late');
      await closed;
      await connection.closed();
      expect(connection.statuses).to.deep.equal([200, 200, 200]);
      expect(connection.received.match(/Connection: close/g)).to.have.length(1);
    });

    it('ignores requests after the last response', async () => {
      const url = await start(answerLater);
      const [connection, other] = [await open(url), await open(url)];
      connection.send(get);
      const response = await eventually(() => waiting[0], 'the request');
      const closed = server.close();
      response.write('the last');
      connection.send(get);
      other.send(get); // the server reads it after the one before
      await eventually(() => waiting.some(({ socket }) => socket !== response.socket), 'the request of the other');
      for (const each of waiting) each.end();
      await closed;
      expect(waiting.length).to.equal(2);
    });

    for (const [what, before] of [
      ['first', ''],
      ['next', get],
    ] as const) {
      it(`does not wait for the rest of the head of a ${what} request`, async () => {
        const url = await start(answerAtOnce, 60_000);
        const connection = await open(url);
        connection.send(`${before}GET / HTTP/1.1\r\nHo`);
        await connection.answers(before ? 1 : 0);
        const other = await open(url);
        other.send(get);
        await other.answers(1); // the half head was read before
        await server.close();
        await connection.closed();
      });
    }

    it('completes a response that has begun, and then closes its connection', async () => {
      const connection = await open(await start(answerLater));
      connection.send(get);
      const response = await eventually(() => waiting[0], 'the request');
      response.write('begun');
      await connection.answers(1);
      const closed = server.close();
      response.end(' and ended');
      await closed;
      expect(await connection.closed()).to.match(/begun[^]* and ended/);
    });

    it('closes connections that never sent anything', async () => {
      const connection = await open(await start(answerAtOnce));
      await server.close();
      await connection.closed();
    });

    it('accepts no new connection', async () => {
      const url = await start(answerAtOnce);
      await server.close();
      const result = await Promise.allSettled([RawConnection.open(url)]);
      expect(result[0].status).to.equal('rejected');
    });

    it('may be closed twice', async () => {
      await start(answerAtOnce);
      await Promise.all([server.close(), server.close()]);
    });
  });
});
