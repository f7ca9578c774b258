import Koa from 'koa';
import { textReader } from '@keybin/api/bodies/body.js';
import { HttpServer } from '@keybin/api/server/server.js';
import { expect } from 'chai';
import { eventually } from '../../../world/eventually.js';
import { send } from '../../../world/clients/keybin-client.js';
import { RawConnection } from '../../../world/clients/raw-connection.js';
import { times } from '../../../world/times.js';

const roomBytes = 100_000;
const json = { value: 'x'.repeat(roomBytes - '{"value":""}'.length) };
const head = ['Host: test', 'Content-Type: application/json', `Content-Length: ${roomBytes}`].join('\r\n');
const post = `POST / HTTP/1.1\r\n${head}\r\n\r\n${JSON.stringify(json)}`;
const postWithoutBody = `POST / HTTP/1.1\r\n${head}\r\nExpect: 100-continue\r\n\r\n`;
/** Request without a Content-Length, which needs the whole room. */
const postInChunks = `POST / HTTP/1.1\r\n${head.replace(/Content-Length.*/, 'Transfer-Encoding: chunked')}\r\n\r\n7\r\n{"a":1}\r\n0\r\n\r\n`;

describe('the memory of a body', () => {
  let url: string;
  let server: HttpServer;
  let holder: RawConnection | undefined;
  let connection: RawConnection;
  const begun: Koa.Context[] = [];
  let arrived = 0;

  beforeEach(async () => {
    const readText = textReader({ bodyBytes: roomBytes, bodiesBytes: roomBytes, valueNodes: undefined }, times);
    const app = new Koa();
    app.silent = true;
    app.use(async (ctx) => {
      begun.push(ctx);
      ctx.body = await readText(ctx);
      arrived += 1;
      if (ctx.path === '/slow') await new Promise(() => {});
    });
    server = new HttpServer(app.callback(), { requestTimeoutMs: 5_000, times });
    url = await server.listen(0, '127.0.0.1');
    arrived = 0;
    begun.splice(0);
  });
  afterEach(async () => {
    holder?.destroy();
    connection.destroy();
    await server.close();
  });

  async function breakOff(): Promise<void> {
    connection.reset();
    await eventually(() => begun.at(-1)?.req.socket.destroyed, 'the end of the connection');
  }

  const expectRoom = async () => expect((await send(url, 'POST', '/', { json })).status).to.equal(200);

  it('is released when the connection ends while the request is not answered yet', async () => {
    connection = await RawConnection.open(url);
    connection.send(post.replace('/', '/slow'));
    await eventually(() => arrived === 1, 'the body');
    await breakOff();
    await expectRoom();
  });

  it('is released when the connection ends before there is memory', async () => {
    holder = await RawConnection.open(url);
    holder.send(postWithoutBody);
    await holder.answers(1);
    connection = await RawConnection.open(url);
    connection.send(postInChunks);
    await eventually(() => begun.length === 2, 'the request');
    await breakOff();
    holder.destroy();
    await expectRoom();
  });
});
